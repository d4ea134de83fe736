import { describe, expect, it } from '@jest/globals';
import { newUid } from '@vectorizer/contracts';
import { FrequentSearches, type Frequent } from './frequent-searches.ts';

const uid = newUid();
const search = (k: number): Frequent => ({
  uid,
  spec: { vector: Float32Array.of(1), k, with_payload: false, with_vector: false },
});

describe('frequent searches', () => {
  it('are those that were asked most often, the most frequent first', () => {
    const frequent = new FrequentSearches(2);
    for (const k of [1, 2, 2, 3, 3, 3]) frequent.note(String(k), search(k));
    expect(frequent.top().map(({ spec }) => spec.k)).toEqual([3, 2]);
  });

  it('are remembered in bounded room, and outlive many that come once', () => {
    const frequent = new FrequentSearches(2);
    for (let i = 0; i < 100; i++) {
      frequent.note('hot', search(7));
      frequent.note(`once ${i}`, search(1));
    }
    expect(frequent.top()[0]?.spec.k).toBe(7);
    expect(frequent.top()).toHaveLength(2);
  });
});
