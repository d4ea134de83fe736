import { describe, expect, it } from '@jest/globals';
import type { SearchSpec } from '@vectorizer/contracts';
import { collectionRecord } from '@vectorizer/testing';
import { SearchKey } from './search-key.ts';

const spec: SearchSpec = { vector: Float32Array.of(1, 2, 3), k: 3, with_payload: true, with_vector: false };
const year = { must: [{ key: 'year', match: { value: 1984 } }] } as SearchSpec['filter'];
const books = collectionRecord();
const key = (more: Partial<SearchSpec> = {}, of = books): SearchKey => new SearchKey(of, { ...spec, ...more });

describe('the key of a search', () => {
  it('is the same for the same search, however that was put', () => {
    const { vector, ...others } = spec;
    const turned = { exact: false, ...others, vector: vector.slice(), score_threshold: undefined };
    const other = new SearchKey(collectionRecord(), turned);
    expect([other.mark, other.digest]).toEqual([key().mark, key().digest]);
    expect(other.equals(key())).toBe(true);
  });

  const different: readonly (readonly [string, SearchKey])[] = [
    ['the vector', key({ vector: Float32Array.of(1, 3, 2) })],
    ['how many', key({ k: 4 })],
    ['the effort', key({ ef: 4 })],
    ['the threshold', key({ score_threshold: 0 })],
    ['the filter', key({ filter: year })],
    ['the exactness', key({ exact: true })],
    ['the rescoring', key({ quantization: { rescore: false } })],
    ['what is told of the points', key({ with_vector: true })],
    ['the collection', key({}, collectionRecord({ uid: 'fedcba9876543210' }))],
  ];
  it.each(different)('differs, and its mark does, with %s', (_, other) => {
    expect(other.equals(key())).toBe(false);
    expect(other.mark).not.toBe(key().mark);
    expect(other.digest).not.toBe(key().digest);
  });

  it('differs in the declared indexes, which its mark does not look at', () => {
    const other = key({}, collectionRecord({ payload_indexes: [{ key: 'year', type: 'integer' }] }));
    expect(other.mark).toBe(key().mark);
    expect(other.equals(key())).toBe(false);
  });

  it('hardly ever shares its mark: by chance, six of a quarter of a million', () => {
    const marks = new Set<number>();
    const count = 2 ** 18;
    for (let i = 0; i < count; i++) marks.add(key({ vector: Float32Array.of(i % 512, Math.floor(i / 512), 7) }).mark);
    expect(count - marks.size).toBeLessThan(40);
  });
});
