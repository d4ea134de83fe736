import { describe, expect, it } from '@jest/globals';
import { formatBytes, formatDuration, formatEntries, formatMs, formatNumber, formatShare } from './format.ts';

describe('formats', () => {
  it('show three digits of what is small, and all of what is large', () => {
    expect([0, 0.012_34, 12.345, 999.9, 12_345.6].map(formatNumber)).toEqual([
      '0',
      '0.0123',
      '12.3',
      '1,000',
      '12,346',
    ]);
  });

  it('name the unit that fits', () => {
    expect([0, 999, 1_500, 2_500_000_000].map(formatBytes)).toEqual(['0 B', '999 B', '1.5 kB', '2.5 GB']);
    expect([0.42, 999, 1_500, 90_000].map(formatMs)).toEqual(['0.42 ms', '999 ms', '1.5 s', '1 min 30 s']);
    expect([5_000, 65_000, 3_661_000, 90_000_000].map(formatDuration)).toEqual([
      '5 s',
      '1 min 5 s',
      '1 h 1 min',
      '1 d 1 h',
    ]);
    expect(formatShare(0.9876)).toBe('98.8 %');
    expect([0, 1, 2_000].map(formatEntries)).toEqual(['0 entries', '1 entry', '2,000 entries']);
  });
});
