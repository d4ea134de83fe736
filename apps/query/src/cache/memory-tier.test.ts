import { expect, it } from '@jest/globals';
import type { SearchSpec } from '@vectorizer/contracts';
import { collectionRecord } from '@vectorizer/testing';
import type { Cached } from './cached.ts';
import { MemoryTier } from './memory-tier.ts';
import { SearchKey } from './search-key.ts';

const computed = (at: number, sequence: number): Cached => ({
  sequences: [sequence],
  result: { hits: [], warnings: [] },
  at,
});

const record = collectionRecord();
const spec: SearchSpec = { vector: Float32Array.of(1, 2), k: 3, with_payload: true, with_vector: false };
const a = new SearchKey(record, spec);

it('gives what is younger than its time, and keeps the newest', () => {
  const tier = new MemoryTier({ bytesMax: 10_000, entryBytesMax: 1_000, ttlMs: 60_000 });
  const [old, young] = [computed(Date.now() - 60_000, 5), computed(Date.now(), 6)];
  tier.put(a, old);
  expect(tier.get(a)).toBeUndefined();
  expect(tier.figures.entries).toBe(0);
  tier.put(a, young);
  tier.put(a, old);
  expect(tier.get(a)).toBe(young);
});

it('keeps the answer of the newer state, whichever was computed later', () => {
  const tier = new MemoryTier({ bytesMax: 10_000, entryBytesMax: 1_000, ttlMs: 60_000 });
  const now = Date.now();
  const newer = computed(now - 1_000, 6);
  tier.put(a, newer);
  tier.put(a, computed(now, 5));
  expect(tier.get(a)).toBe(newer);
  const again = computed(now, 6);
  tier.put(a, again);
  expect(tier.get(a)).toBe(again);
});

it('tells apart searches that share a mark', () => {
  const tier = new MemoryTier({ bytesMax: 10_000, entryBytesMax: 1_000, ttlMs: 60_000 });
  const indexed = { ...record, payload_indexes: [{ key: 'year', type: 'integer' as const }] };
  const other = new SearchKey(indexed, spec);
  expect(other.mark).toBe(a.mark);
  const [one, two] = [computed(Date.now(), 6), computed(Date.now(), 5)];
  tier.put(a, one);
  expect(tier.get(other)).toBeUndefined();
  tier.put(other, two);
  expect([tier.get(a), tier.get(other)]).toEqual([undefined, two]);
});
