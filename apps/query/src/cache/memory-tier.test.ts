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
  tier.put('a', young);
  tier.put('a', old);
  expect(tier.get('a')).toBe(young);
});
