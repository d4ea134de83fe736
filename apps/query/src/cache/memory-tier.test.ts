import { expect, it } from '@jest/globals';
import type { Cached } from './cached.ts';
import { MemoryTier } from './memory-tier.ts';

const computed = (at: number, sequence: number): Cached => ({
  sequences: [sequence],
  result: { hits: [], warnings: [] },
  at,
});

it('gives what is younger than its time, and keeps the newest', () => {
  const tier = new MemoryTier({ bytesMax: 10_000, entryBytesMax: 1_000, ttlMs: 60_000 });
  const [old, young] = [computed(Date.now() - 60_000, 5), computed(Date.now(), 6)];
  tier.put('a', old);
  expect(tier.get('a')).toBeUndefined();
  expect(tier.figures.entries).toBe(0);
  tier.put('a', young);
  tier.put('a', old);
  expect(tier.get('a')).toBe(young);
});

it('keeps the answer of the newer state, whichever was computed later', () => {
  const tier = new MemoryTier({ bytesMax: 10_000, entryBytesMax: 1_000, ttlMs: 60_000 });
  const now = Date.now();
  const newer = computed(now - 1_000, 6);
  tier.put('a', newer);
  tier.put('a', computed(now, 5));
  expect(tier.get('a')).toBe(newer);
  const again = computed(now, 6);
  tier.put('a', again);
  expect(tier.get('a')).toBe(again);
});
