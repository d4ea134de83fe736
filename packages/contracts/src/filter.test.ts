import { describe, expect, it } from '@jest/globals';
import { Filter } from './filter.ts';

const leaf = { key: 'a', match: { value: 1 } };
const accepts = (input: unknown): boolean => Filter.safeParse(input).success;
const nest = (depth: number): unknown => (depth === 0 ? leaf : { must: [nest(depth - 1)] });

describe('a filter', () => {
  it.each([
    { must: [leaf] },
    { should: [{ key: 'a.b', range: { gte: 1, lt: 2.5 } }], must_not: [{ has_id: ['x'] }] },
    { must: [{ key: 't', range: { gt: '2026-01-01T00:00:00Z' } }] },
    { must: [{ key: 'g', geo_radius: { center: { lat: 1, lon: 2 }, radius_m: 5 } }] },
    { must: [{ should: [leaf, { key: 'b', exists: true }] }, { key: 'c', is_null: false }] },
    {
      must: [
        { key: 'a', match: { any: ['x', 1, true] } },
        { key: 'a', match: { except: ['y'] } },
      ],
    },
  ])('may be %j', (filter) => {
    expect(accepts(filter)).toBe(true);
  });

  it.each([
    [],
    'a',
    { must: [] },
    { must: [{ key: 'a' }] },
    { must: [{ key: 'a', match: {} }] },
    { must: [{ key: 'a', range: {} }] },
    { must: [{ key: 'a', range: { gt: 1, lt: '2026-01-01T00:00:00Z' } }] },
    { must: [{ key: 'a', geo_radius: { center: { lat: 91, lon: 0 }, radius_m: 1 } }] },
    { must: [{ has_id: [] }] },
    { when: [leaf] },
  ])('may not be %j', (filter) => {
    expect(accepts(filter)).toBe(false);
  });

  it('has at most 64 conditions and nests at most 8 deep', () => {
    expect(accepts({ must: Array.from({ length: 64 }, () => leaf) })).toBe(true);
    expect(accepts({ must: Array.from({ length: 65 }, () => leaf) })).toBe(false);
    expect(accepts(nest(8))).toBe(true);
    expect(accepts(nest(9))).toBe(false);
  });

  it('of hostile depth is refused without exhausting the stack', () => {
    let hostile: unknown = leaf;
    for (let i = 0; i < 100_000; i++) hostile = { must: [hostile] };
    expect(accepts(hostile)).toBe(false);
  });
});
