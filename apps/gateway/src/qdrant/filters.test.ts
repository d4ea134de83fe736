import { describe, expect, it } from '@jest/globals';
import { filterOf } from './filters.ts';

const must = (condition: unknown): unknown => filterOf({ must: [condition] })?.must?.[0];

describe('a filter of Qdrant', () => {
  it.each([
    [
      { key: 'a', match: { value: 'x' } },
      { key: 'a', match: { value: 'x' } },
    ],
    [
      { key: 'a[].b', match: { any: [1, 2] } },
      { key: 'a.b', match: { any: [1, 2] } },
    ],
    [
      { key: 'a', match: { except: ['x'] } },
      { key: 'a', match: { except: ['x'] } },
    ],
    [
      { key: 'a', match: { except: [] } },
      { key: 'a', values_count: { gte: 1 } },
    ],
    [
      { key: 'a', range: { gte: 1, lt: null } },
      { key: 'a', range: { gte: 1 } },
    ],
    [
      { key: 'a', range: { gt: '2024-02-03' } },
      { key: 'a', range: { gt: '2024-02-03T00:00:00Z' } },
    ],
    [
      { key: 'a', range: { gt: '2024-02-03 04:05' } },
      { key: 'a', range: { gt: '2024-02-03T04:05:00Z' } },
    ],
    [
      { key: 'a', range: { lte: '2024-02-03T04:05:06.7+0200' } },
      { key: 'a', range: { lte: '2024-02-03T04:05:06.7+02:00' } },
    ],
    [
      { key: 'a', geo_radius: { center: { lon: 1, lat: 2 }, radius: 3 } },
      { key: 'a', geo_radius: { center: { lon: 1, lat: 2 }, radius_m: 3 } },
    ],
    [
      { key: 'a', geo_bounding_box: { top_left: { lon: 1, lat: 2 }, bottom_right: { lon: 2, lat: 1 } } },
      { key: 'a', geo_box: { top_left: { lon: 1, lat: 2 }, bottom_right: { lon: 2, lat: 1 } } },
    ],
    [
      { key: 'a', values_count: { gt: 2, lte: null } },
      { key: 'a', values_count: { gt: 2 } },
    ],
    [{ is_empty: { key: 'a' } }, { key: 'a', values_count: { lt: 1 } }],
    [
      { key: 'a', is_empty: false },
      { key: 'a', values_count: { gte: 1 } },
    ],
    [{ is_null: { key: 'a' } }, { key: 'a', is_null: true }],
    [{ has_id: [1, 'x'] }, { has_id: ['1', 'x'] }],
    [{ should: { has_id: [1] } }, { should: [{ has_id: ['1'] }] }],
    [
      { key: 'a', match: { value: 1 }, range: { gt: 0 } },
      {
        must: [
          { key: 'a', match: { value: 1 } },
          { key: 'a', range: { gt: 0 } },
        ],
      },
    ],
  ])('%j is %j here', (theirs, ours) => {
    expect(must(theirs)).toEqual(ours);
  });

  it('of so many conditions is any choice of so many', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((id) => ({ has_id: [id] }));
    expect(filterOf({ min_should: { conditions: [a, b, c], min_count: 2 } })).toEqual({
      must: [{ should: [{ must: [b, c] }, { must: [a, c] }, { must: [a, b] }] }],
    });
    expect(filterOf({ min_should: { conditions: [a, b], min_count: 1 } })).toEqual({ must: [{ should: [b, a] }] });
    expect(filterOf({ min_should: { conditions: [a], min_count: 0 } })).toBeUndefined();
  });

  it('without conditions is none', () => {
    for (const empty of [undefined, null, {}, { must: [] }, { must: null, should: [] }]) {
      expect(filterOf(empty)).toBeUndefined();
    }
  });

  it.each([
    [{ must: [{ key: 'a', match: { text: 'x' } }] }, 'filter.must[0].match.text: not supported'],
    [{ must: [{ nested: { key: 'a', filter: {} } }] }, 'filter.must[0].nested: not supported'],
    [{ must: [{ has_vector: '' }] }, 'filter.must[0].has_vector: not supported'],
    [{ must: [{ key: 'a', geo_polygon: {} }] }, 'filter.must[0].geo_polygon: not supported'],
    [{ must: [{ key: 'a[0]', match: { value: 1 } }] }, 'filter.must[0].key: quoted steps'],
    [{ must: [{ key: 'a' }] }, 'filter.must[0]: expected what is asked of the key'],
    [{ must: [{ key: 'a', range: { gte: 'soon' } }] }, 'filter.must[0].range.gte: '],
    [{ must: [{ key: 'a', match: { value: 1, more: 2 } }] }, 'filter.must[0].match.more: unknown field'],
    [{ must_not: [{ what: 1 }] }, 'filter.must_not[0]: expected a condition'],
    [{ any_of: [] }, 'filter.any_of: unknown field'],
    [nested(40), 'filter.must[0]'],
    [
      { min_should: { conditions: Array.from({ length: 30 }, () => ({ has_id: [1] })), min_count: 15 } },
      'filter.min_should: ',
    ],
  ])('%j is refused', (filter, message) => {
    expect(() => filterOf(filter)).toThrow(message);
  });
});

function nested(depth: number): object {
  return depth === 0 ? { has_id: [1] } : { must: [nested(depth - 1)] };
}
