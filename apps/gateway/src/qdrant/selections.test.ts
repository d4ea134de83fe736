import { describe, expect, it } from '@jest/globals';
import { selectionOf } from './selections.ts';

const OTHERWISE = { with_payload: true, with_vector: false };
const payload = { a: 1, b: { c: 2, d: [{ e: 3, f: 4 }, { e: 5 }] }, g: null };

function shown(with_payload: Parameters<typeof selectionOf>[0]['with_payload']): unknown {
  const { part } = selectionOf({ with_payload }, OTHERWISE);
  return JSON.parse(part?.(JSON.stringify(payload)) ?? '"all"');
}

describe('what is shown of a payload', () => {
  it.each([
    [['a'], { a: 1 }],
    [['b.c', 'g'], { b: { c: 2 }, g: null }],
    [{ include: ['b.d[].e'] }, { b: { d: [{ e: 3 }, { e: 5 }] } }],
    [['nothing', 'a.b'], {}],
    [[], {}],
    [{ exclude: ['b', 'g'] }, { a: 1 }],
    [{ exclude: ['b.d.e', 'a.x'] }, { a: 1, b: { c: 2, d: [{ f: 4 }, {}] }, g: null }],
    [true, 'all'],
  ])('by %j', (asked, expected) => {
    expect(shown(asked)).toEqual(expected);
  });

  it('is what the route does otherwise where nothing is asked', () => {
    expect(selectionOf({}, OTHERWISE)).toEqual(OTHERWISE);
    expect(selectionOf({ with_payload: false, with_vector: [''] }, OTHERWISE)).toEqual({
      with_payload: false,
      with_vector: true,
    });
  });
});
