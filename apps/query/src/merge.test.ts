import { describe, expect, it } from '@jest/globals';
import { unindexedFilter, type Hit, type PointView, type Warning } from '@vectorizer/contracts';
import { inOrderOf, mergeHits, mergePages } from './merge.ts';

const hit = (id: string, score: number): Hit => ({ id, score, version: 1 });
const point = (id: string): PointView => ({ id, version: 1 });
const warning: Warning = unindexedFilter(['year']);

describe('merging hits', () => {
  it('ranks by score, breaks ties by id, and cuts to k', () => {
    const merged = mergeHits(
      [
        { hits: [hit('c', 0.9), hit('b', 0.5), hit('z', 0.1)], warnings: [] },
        { hits: [hit('a', 0.5), hit('d', 0.5)], warnings: [] },
      ],
      4,
    );
    expect(merged.hits.map(({ id }) => id)).toEqual(['c', 'a', 'b', 'd']);
  });

  it('gives each warning once', () => {
    const answer = { hits: [], warnings: [warning] };
    expect(mergeHits([answer, answer], 1).warnings).toEqual([warning]);
  });

  it('warns about the fields that any shard has warned about', () => {
    const answers = [['a', 'b'], ['b', 'c'], []].map((fields) => ({ hits: [], warnings: [unindexedFilter(fields)] }));
    expect(mergeHits(answers, 1).warnings).toEqual([unindexedFilter(['a', 'b', 'c'])]);
  });
});

describe('merging pages', () => {
  it('keeps the order of code points where strings of JavaScript have another', () => {
    // U+1F600 is after U+FFEE as a code point, and before it as UTF-16 units.
    const merged = mergePages(
      [
        { points: [point('a'), point('\u{1f600}')], more: false },
        { points: [point('\uffee'), point('\u{1f601}')], more: false },
      ],
      3,
    );
    expect(merged.points.map(({ id }) => id)).toEqual(['a', '\uffee', '\u{1f600}']);
    expect(merged.more).toBe(true);
  });

  it('has no more when all was given, and more when a shard has', () => {
    const all = { points: [point('a')], more: false };
    expect(mergePages([all, { points: [point('b')], more: false }], 2).more).toBe(false);
    expect(mergePages([all, { points: [], more: false }], 1).more).toBe(false);
    expect(mergePages([{ ...all, more: true }], 1).more).toBe(true);
  });
});

describe('the order asked', () => {
  it('is kept, and absent points are left out', () => {
    expect(inOrderOf(['c', 'x', 'a'], [point('a'), point('c')])).toEqual([point('c'), point('a')]);
  });
});
