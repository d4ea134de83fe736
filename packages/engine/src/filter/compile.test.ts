import { describe, expect, it } from '@jest/globals';
import { Filter } from '@vectorizer/contracts';
import { compileFilter } from './compile.ts';

const payload = {
  city: 'Bern',
  n: 5,
  text: '5',
  yes: true,
  nothing: null,
  empty: [],
  tags: ['red', 'blue', null],
  at: '2026-03-01T12:00:00Z',
  local: '2026-03-01T12:00:00',
  day: '2026-03-01',
  place: { lat: 46.95, lon: 7.45 },
  fiji: { lat: -17.7, lon: 178 },
  items: [{ price: 3, parts: [{ kind: 'a' }, { kind: 'b' }] }, { price: 30 }],
};

function holds(condition: unknown, text: string | null = JSON.stringify(payload)): boolean {
  return compileFilter(Filter.parse({ must: [condition] }))('p1', text);
}

describe('a condition', () => {
  it.each([
    [{ key: 'city', match: { value: 'Bern' } }, true],
    [{ key: 'city', match: { value: 'bern' } }, false],
    [{ key: 'n', match: { value: 5 } }, true],
    [{ key: 'text', match: { value: 5 } }, false],
    [{ key: 'yes', match: { value: true } }, true],
    [{ key: 'tags', match: { value: 'blue' } }, true],
    [{ key: 'tags', match: { any: ['green', 'red'] } }, true],
    [{ key: 'tags', match: { any: ['green'] } }, false],
    [{ key: 'city', match: { except: ['Basel'] } }, true],
    [{ key: 'city', match: { except: ['Bern'] } }, false],
    [{ key: 'tags', match: { except: ['red'] } }, true],
    [{ key: 'tags', match: { except: ['red', 'blue'] } }, false],
    [{ key: 'absent', match: { except: ['Bern'] } }, false],
    [{ key: 'items.price', match: { value: 30 } }, true],
    [{ key: 'items.parts.kind', match: { value: 'b' } }, true],
    [{ key: 'items.parts.other', exists: true }, false],
    [{ key: 'constructor', exists: true }, false],
    [{ key: 'nothing', exists: true }, true],
    [{ key: 'empty', exists: true }, true],
    [{ key: 'absent', exists: false }, true],
    [{ key: 'nothing', is_null: true }, true],
    [{ key: 'tags', is_null: true }, true],
    [{ key: 'absent', is_null: true }, false],
    [{ key: 'city', is_null: false }, true],
    [{ key: 'tags', values_count: { gte: 2, lt: 3 } }, true],
    [{ key: 'tags', values_count: { gt: 2 } }, false],
    [{ key: 'city', values_count: { lte: 1 } }, true],
    [{ key: 'empty', values_count: { lt: 1 } }, true],
    [{ key: 'nothing', values_count: { lt: 1 } }, true],
    [{ key: 'absent', values_count: { lt: 1 } }, true],
    [{ key: 'absent', values_count: { gte: 1 } }, false],
    [{ key: 'items.parts.kind', values_count: { gte: 2, lte: 2 } }, true],
    [{ has_id: ['p0', 'p1'] }, true],
    [{ has_id: ['p0'] }, false],
  ])('%j is %s', (condition, expected) => {
    expect(holds(condition)).toBe(expected);
  });

  it.each([
    [{ gt: 4, lt: 6 }, true],
    [{ gt: 5 }, false],
    [{ gte: 5 }, true],
    [{ lt: 5 }, false],
    [{ lte: 5 }, true],
    [{ gt: '2026-01-01T00:00:00Z' }, false],
  ])('on a number in the range %j is %s', (range, expected) => {
    expect(holds({ key: 'n', range })).toBe(expected);
  });

  it.each([
    ['at', { gte: '2026-03-01T12:00:00Z' }, true],
    ['at', { gt: '2026-03-01T12:00:00Z' }, false],
    ['at', { gte: '2026-03-01T14:00:00+02:00', lte: '2026-03-01T14:00:00+02:00' }, true],
    ['local', { gte: '2026-03-01T12:00:00Z', lte: '2026-03-01T12:00:00Z' }, true],
    ['day', { gte: '2026-03-01T00:00:00Z', lte: '2026-03-01T00:00:00Z' }, true],
    ['city', { gte: '1970-01-01T00:00:00Z' }, false],
    ['text', { gte: '0001-01-01T00:00:00Z' }, false],
    ['at', { gt: 0 }, false],
  ])('on the time at %s in the range %j is %s', (key, range, expected) => {
    expect(holds({ key, range })).toBe(expected);
  });

  it.each([
    ['place', { top_left: { lat: 47, lon: 7 }, bottom_right: { lat: 46, lon: 8 } }, true],
    ['place', { top_left: { lat: 47, lon: 8 }, bottom_right: { lat: 46, lon: 9 } }, false],
    ['fiji', { top_left: { lat: -10, lon: 170 }, bottom_right: { lat: -20, lon: -170 } }, true],
    ['place', { top_left: { lat: 50, lon: 170 }, bottom_right: { lat: -20, lon: -170 } }, false],
    ['city', { top_left: { lat: 90, lon: -180 }, bottom_right: { lat: -90, lon: 180 } }, false],
  ])('on the box of %s %j is %s', (key, box, expected) => {
    expect(holds({ key, geo_box: box })).toBe(expected);
  });

  it('on a circle measures along the great circle', () => {
    const zurich = { lat: 47.3769, lon: 8.5417 };
    // About 95.5 km from 46.95 N 7.45 E.
    expect(holds({ key: 'place', geo_radius: { center: zurich, radius_m: 97_000 } })).toBe(true);
    expect(holds({ key: 'place', geo_radius: { center: zurich, radius_m: 93_000 } })).toBe(false);
    const acrossTheLine = { lat: -17.7, lon: -178 };
    expect(holds({ key: 'fiji', geo_radius: { center: acrossTheLine, radius_m: 430_000 } })).toBe(true);
  });
});

describe('clauses', () => {
  const yes = { key: 'n', match: { value: 5 } };
  const no = { key: 'n', match: { value: 6 } };
  it.each([
    [{}, true],
    [{ must: [yes, yes] }, true],
    [{ must: [yes, no] }, false],
    [{ should: [no, yes] }, true],
    [{ should: [no, no] }, false],
    [{ must_not: [no] }, true],
    [{ must_not: [no, yes] }, false],
    [{ must: [yes], should: [no], must_not: [no] }, false],
    [{ must: [{ should: [no, { must_not: [no] }] }] }, true],
  ])('%j is %s', (filter, expected) => {
    expect(compileFilter(Filter.parse(filter))('p1', JSON.stringify(payload))).toBe(expected);
  });

  it('see no keys on a point without a payload', () => {
    expect(holds({ key: 'a', exists: false }, null)).toBe(true);
    expect(holds({ key: 'a', match: { except: ['x'] } }, null)).toBe(false);
  });
});
