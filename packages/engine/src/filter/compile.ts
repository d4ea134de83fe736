import { parsePayload, type Condition, type Filter, type Json, type Leaf, type Payload } from '@vectorizer/contracts';
import { distanceMetres, geoPoint, inBox } from './geo.ts';
import { valuesAt } from './path.ts';
import { compileRange } from './range.ts';

/** Whether a point, given by its id and its payload's text, satisfies a filter. Never throws on a stored payload. */
export type Matcher = (id: string, payload: string | null) => boolean;

const NO_PAYLOAD: Payload = {};

/**
 * Prepares a filter for many points. A point without a payload is one with an empty payload.
 *
 * - A condition on a key holds when any value at its path satisfies it; without a value it does not hold. `exists` and
 *   `is_null` with false are the negations of the same with true; a key whose value is null exists.
 * - `values_count` counts the values that are not null.
 * - `match` compares without conversion ("1" is not 1). `except` asks for a text, number or boolean that is not listed.
 */
export function compileFilter(filter: Filter): Matcher {
  const holds = compileCondition(filter);
  return (id, payload) => {
    let parsed: Payload | undefined;
    return holds(id, () => (parsed ??= payload === null ? NO_PAYLOAD : parsePayload(payload)));
  };
}

type Test = (id: string, payload: () => Payload) => boolean;

function compileCondition(condition: Condition): Test {
  if ('has_id' in condition) {
    const ids = new Set(condition.has_id);
    return (id) => ids.has(id);
  }
  if ('key' in condition) return compileLeaf(condition);
  const must = (condition.must ?? []).map(compileCondition);
  const should = (condition.should ?? []).map(compileCondition);
  const mustNot = (condition.must_not ?? []).map(compileCondition);
  return (id, payload) =>
    must.every((test) => test(id, payload)) &&
    (should.length === 0 || should.some((test) => test(id, payload))) &&
    !mustNot.some((test) => test(id, payload));
}

function compileLeaf(leaf: Extract<Leaf, { key: string }>): Test {
  const path = leaf.key.split('.');
  if ('exists' in leaf) return (_, payload) => valuesAt(payload(), path).present === leaf.exists;
  if ('is_null' in leaf) return (_, payload) => valuesAt(payload(), path).values.includes(null) === leaf.is_null;
  if ('values_count' in leaf) {
    const isWanted = compileRange(leaf.values_count);
    return (_, payload) => isWanted(valuesAt(payload(), path).values.filter((value) => value !== null).length);
  }
  const satisfies = compileValueTest(leaf);
  return (_, payload) => valuesAt(payload(), path).values.some(satisfies);
}

function compileValueTest(
  leaf: Extract<Leaf, { match: unknown } | { range: unknown } | { geo_box: unknown } | { geo_radius: unknown }>,
): (value: Json) => boolean {
  if ('range' in leaf) return compileRange(leaf.range);
  if ('geo_box' in leaf) {
    const { top_left: topLeft, bottom_right: bottomRight } = leaf.geo_box;
    return (value) => {
      const point = geoPoint(value);
      return point !== undefined && inBox(point, topLeft, bottomRight);
    };
  }
  if ('geo_radius' in leaf) {
    const { center, radius_m: radius } = leaf.geo_radius;
    return (value) => {
      const point = geoPoint(value);
      return point !== undefined && distanceMetres(point, center) <= radius;
    };
  }
  return compileMatch(leaf.match);
}

function compileMatch(match: Extract<Leaf, { match: unknown }>['match']): (value: Json) => boolean {
  if ('value' in match) return (value) => value === match.value;
  if ('any' in match) {
    const listed = new Set<Json>(match.any);
    return (value) => listed.has(value);
  }
  const excluded = new Set<Json>(match.except);
  return (value) => value !== null && typeof value !== 'object' && !excluded.has(value);
}
