import { describe, expect, it } from '@jest/globals';
import { backoffMs, retryAfterMs } from './backoff.ts';

describe('the wait before another attempt', () => {
  it('is anything up to a time that doubles until it is two seconds', () => {
    const longest = [1, 2, 3, 4, 5, 6, 7, 50].map((attempt) => backoffMs(attempt, 0, () => 1));
    expect(longest).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000]);
    expect(backoffMs(7, 0, () => 0)).toBe(0);
  });

  it('comes after what the server asks for', () => {
    expect(backoffMs(1, 3_000, () => 0.5)).toBe(3_050);
  });

  it('is asked for in seconds or by a date', () => {
    const now = Date.parse('2026-11-27T10:00:00Z');
    expect(retryAfterMs('2', now)).toBe(2_000);
    expect(retryAfterMs('Fri, 27 Nov 2026 10:00:05 GMT', now)).toBe(5_000);
    expect(retryAfterMs('Fri, 27 Nov 2026 09:00:00 GMT', now)).toBe(0);
    expect([undefined, 'soon', '-1'].map((text) => retryAfterMs(text, now))).toEqual([0, 0, 0]);
  });
});
