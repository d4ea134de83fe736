import { describe, expect, it } from '@jest/globals';
import { diverse } from './mmr.ts';

const hits = [
  { id: 'a', version: 1, score: 0.99, vector: Float32Array.of(1, 0.1) },
  { id: 'twin of a', version: 1, score: 0.98, vector: Float32Array.of(1, 0.11) },
  { id: 'b', version: 1, score: 0.7, vector: Float32Array.of(0.7, -0.7) },
];
const order = (diversity: number, metric: 'cosine' | 'euclidean' = 'cosine'): string[] =>
  diverse(hits, { metric, diversity, count: 2 }).map(({ id }) => id);

describe('maximal marginal relevance', () => {
  it('takes the nearest when only nearness counts', () => {
    expect(order(0)).toEqual(['a', 'twin of a']);
  });

  it('takes what is unlike the first when that counts, too, whatever the metric', () => {
    expect(order(0.5)).toEqual(['a', 'b']);
    expect(order(0.9, 'euclidean')).toEqual(['a', 'b']);
  });

  it('takes no more than there are', () => {
    expect(diverse(hits.slice(0, 1), { metric: 'dot', diversity: 1, count: 5 })).toHaveLength(1);
    expect(diverse([], { metric: 'dot', diversity: 1, count: 5 })).toEqual([]);
  });
});
