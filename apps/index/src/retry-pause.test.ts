import { describe, expect, it } from '@jest/globals';
import { RetryPause } from './retry-pause.ts';

describe('the pause before another try', () => {
  it('doubles with each failure up to a minute, and is short again after a success', () => {
    let nowMs = 0;
    const pause = new RetryPause(() => nowMs);
    expect(pause.over).toBe(true);
    const pauseMs = (): number => {
      pause.failed();
      const begun = nowMs;
      while (!pause.over) nowMs += 1_000;
      return nowMs - begun;
    };
    const failures = Array.from({ length: 8 }, pauseMs);
    expect(failures).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    pause.succeeded();
    expect(pauseMs()).toBe(1_000);
  });
});
