import type { Condition, Filter, Leaf, PayloadIndex, PayloadIndexType } from '@vectorizer/contracts';
import { invalidField } from '@vectorizer/frame';

type KeyLeaf = Extract<Leaf, { key: string }>;

/** What the values of a type are compared with; `none` where nothing of the kind can hold. */
type Compared = { readonly match: 'text' | 'number' | 'boolean' | 'none'; readonly range: 'number' | 'time' | 'none' };
const COMPARED: Readonly<Record<PayloadIndexType, Compared>> = {
  keyword: { match: 'text', range: 'none' },
  bool: { match: 'boolean', range: 'none' },
  integer: { match: 'number', range: 'number' },
  float: { match: 'number', range: 'number' },
  datetime: { match: 'text', range: 'time' },
  geo: { match: 'none', range: 'none' },
};

/**
 * Refuses a condition that asks of an indexed key what its type never answers: a range on a keyword, a number where
 * texts are declared. It would match nothing, or what was written against the declaration: its author errs. Whether
 * something exists, or is null, may be asked of every key; keys without an index may be asked anything.
 */
export function checkFilter(filter: Filter | undefined, indexes: readonly PayloadIndex[], where = 'filter'): void {
  if (filter === undefined || indexes.length === 0) return;
  const types = new Map(indexes.map(({ key, type }) => [key, type]));
  checkClauses(filter, types, where);
}

function checkClauses(condition: Condition, types: ReadonlyMap<string, PayloadIndexType>, where: string): void {
  if ('has_id' in condition) return;
  if ('key' in condition) {
    const type = types.get(condition.key);
    if (type !== undefined) checkLeaf(condition, type, where);
    return;
  }
  for (const clause of ['must', 'should', 'must_not'] as const) {
    for (const [i, child] of (condition[clause] ?? []).entries())
      checkClauses(child, types, `${where}.${clause}[${i}]`);
  }
}

function checkLeaf(leaf: KeyLeaf, type: PayloadIndexType, where: string): void {
  const refuse = (field: string, what: string): never => {
    throw invalidField(`${where}.${field}`, `${what}, and ${leaf.key} is indexed as ${type}`);
  };
  if ('geo_box' in leaf || 'geo_radius' in leaf) {
    if (type !== 'geo') refuse('geo_box' in leaf ? 'geo_box' : 'geo_radius', 'places are asked for');
    return;
  }
  if ('range' in leaf) {
    const asked = Object.values(leaf.range).some((bound) => typeof bound === 'string') ? 'time' : 'number';
    if (COMPARED[type].range !== asked) refuse('range', `a range of ${asked}s is asked for`);
    return;
  }
  if (!('match' in leaf)) return;
  for (const { field, value } of valuesOf(leaf.match)) {
    const asked = typeof value === 'string' ? 'text' : typeof value === 'number' ? 'number' : 'boolean';
    if (COMPARED[type].match !== asked) refuse(field, `a ${asked} is asked for`);
    if (type === 'integer' && !Number.isInteger(value)) refuse(field, 'a fraction is asked for');
  }
}

type Match = Extract<KeyLeaf, { match: unknown }>['match'];

function valuesOf(match: Match): { readonly field: string; readonly value: string | number | boolean }[] {
  if ('value' in match) return [{ field: 'match.value', value: match.value }];
  const [name, values] = 'any' in match ? ['any', match.any] : ['except', match.except];
  return values.map((value, i) => ({ field: `match.${name}[${i}]`, value }));
}
