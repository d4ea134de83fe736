import { Filter, limits, type Condition } from '@vectorizer/contracts';
import { invalidField, parse } from '@vectorizer/frame';
import { z } from 'zod';
import { QdrantId } from './point-ids.ts';
import { listed } from './listed.ts';
import { notTaken } from './not-taken.ts';

/**
 * Qdrant's filters in the words of ours. Which form a condition has is told by its keys, and only that form is tried. What
 * remains to be checked (sizes, depths, ranges) our own schema checks.
 */
export function filterOf(input: unknown, where = 'filter'): Filter | undefined {
  if (input === undefined || input === null) return undefined;
  const translated = clausesOf(input, where, 0);
  return Object.keys(translated).length === 0 ? undefined : parse(Filter, translated, where);
}

const Conditions = listed(z.unknown(), limits.filterConditionsMax);
const List = z.union([Conditions, z.record(z.string(), z.unknown()).transform((one): unknown[] => [one])]);
const Clauses = z.strictObject({
  must: List.nullish(),
  should: List.nullish(),
  must_not: List.nullish(),
  min_should: z.strictObject({ conditions: Conditions, min_count: z.int().min(0) }).nullish(),
});

/** One of their filters, and conditions that have to hold as well, or must not. */
export function withConditions(input: unknown, more: { readonly must: object; readonly must_not?: object }): object {
  const { must, must_not, ...rest } = parse(Clauses, input ?? {}, 'filter');
  const mustNot = more.must_not === undefined ? [] : [more.must_not];
  return { ...rest, must: [...(must ?? []), more.must], must_not: [...(must_not ?? []), ...mustNot] };
}

/** Values of arrays are told by `[]` there; here an array stands for its elements without. */
const Key = z.string().transform((key, context): string => {
  const path = key.replaceAll('[]', '');
  if (!/["[\]]/.test(path)) return path;
  context.addIssue({ code: 'custom', message: 'quoted steps, and places in arrays, are not supported in a key' });
  return z.NEVER;
});
const Scalar = z.union([z.string(), z.number(), z.boolean()]);
const Scalars = listed(Scalar, limits.filterValuesMax);
const TEXT = notTaken('not supported: there is no full-text index; match a whole value');
const Match = z.strictObject({
  value: Scalar.optional(),
  any: Scalars.optional(),
  except: Scalars.optional(),
  text: TEXT,
  text_any: TEXT,
  phrase: TEXT,
});
const Bound = z.union([z.number(), z.string().transform(timeOf)]).nullish();
const Range = z.strictObject({ lt: Bound, gt: Bound, gte: Bound, lte: Bound });
const Place = z.strictObject({ lon: z.number(), lat: z.number() });
const Count = z.int().min(0).nullish();

const OfKey = z.strictObject({
  key: Key,
  match: Match.nullish(),
  range: Range.nullish(),
  geo_bounding_box: z.strictObject({ top_left: Place, bottom_right: Place }).nullish(),
  geo_radius: z.strictObject({ center: Place, radius: z.number() }).nullish(),
  geo_polygon: notTaken('not supported: use geo_bounding_box or geo_radius'),
  values_count: z.strictObject({ lt: Count, gt: Count, gte: Count, lte: Count }).nullish(),
  is_empty: z.boolean().nullish(),
  is_null: z.boolean().nullish(),
});
const forms = {
  key: OfKey,
  has_id: z.strictObject({ has_id: listed(QdrantId, limits.filterValuesMax) }),
  is_empty: z.strictObject({ is_empty: z.strictObject({ key: Key }) }),
  is_null: z.strictObject({ is_null: z.strictObject({ key: Key }) }),
  nested: z.strictObject({ nested: notTaken('not supported: conditions on one element of an array at once') }),
  has_vector: z.strictObject({ has_vector: notTaken('not supported: every point has its one vector') }),
} as const;

/** A nesting of one more than ours is let through, for ours to refuse. */
const DEPTH_MAX = limits.filterDepthMax + 1;

function clausesOf(input: unknown, where: string, depth: number): Extract<Condition, { must?: unknown }> {
  if (depth > DEPTH_MAX) throw invalidField(where, `must nest at most ${limits.filterDepthMax} deep`);
  const { must, should, must_not, min_should } = parse(Clauses, input, where);
  const conditionsOf = (list: readonly unknown[], name: string): Condition[] =>
    list.map((each, index) => conditionOf(each, `${where}.${name}[${index}]`, depth + 1));
  const all = conditionsOf(must ?? [], 'must');
  if (min_should) {
    const { conditions, min_count } = min_should;
    all.push(...atLeast(conditionsOf(conditions, 'min_should.conditions'), min_count, `${where}.min_should`));
  }
  return {
    ...(all.length > 0 && { must: all }),
    ...(should && should.length > 0 && { should: conditionsOf(should, 'should') }),
    ...(must_not && must_not.length > 0 && { must_not: conditionsOf(must_not, 'must_not') }),
  };
}

function conditionOf(input: unknown, where: string, depth: number): Condition {
  const has = (name: string): boolean => typeof input === 'object' && input !== null && Object.hasOwn(input, name);
  if (has('key')) return ofKey(parse(forms.key, input, where), where);
  if (has('has_id')) {
    const { has_id } = parse(forms.has_id, input, where);
    return has_id.length === 0 ? NEVER : { has_id };
  }
  if (has('is_empty')) return isEmpty(parse(forms.is_empty, input, where).is_empty.key);
  if (has('is_null')) return { key: parse(forms.is_null, input, where).is_null.key, is_null: true };
  if (has('nested')) parse(forms.nested, input, where);
  if (has('has_vector')) parse(forms.has_vector, input, where);
  if (!['must', 'should', 'must_not', 'min_should'].some(has)) {
    throw invalidField(where, 'expected a condition on a key, has_id, is_empty, is_null, or a filter');
  }
  return clausesOf(input, where, depth);
}

/** Everything that one condition asks of its key has to hold. */
function ofKey(condition: z.output<typeof OfKey>, where: string): Condition {
  const { key, match, range, geo_bounding_box: box, geo_radius: radius } = condition;
  const asked: Condition[] = [];
  if (match) asked.push(matchOf(key, match, where));
  if (range) asked.push({ key, range: withoutNulls(range) });
  if (box) asked.push({ key, geo_box: box });
  if (radius) asked.push({ key, geo_radius: { center: radius.center, radius_m: radius.radius } });
  if (condition.values_count) asked.push({ key, values_count: withoutNulls(condition.values_count) });
  if (typeof condition.is_empty === 'boolean') asked.push(condition.is_empty ? isEmpty(key) : hasValue(key));
  if (typeof condition.is_null === 'boolean') asked.push({ key, is_null: condition.is_null });
  const [first, ...more] = asked;
  if (first === undefined) throw invalidField(where, 'expected what is asked of the key');
  return more.length === 0 ? first : { must: asked };
}

function matchOf(key: string, { value, any, except }: z.output<typeof Match>, where: string): Condition {
  if (value !== undefined) return { key, match: { value } };
  if (any !== undefined) return any.length === 0 ? NEVER : { key, match: { any } };
  if (except === undefined) throw invalidField(`${where}.match`, 'expected value, any or except');
  return except.length === 0 ? hasValue(key) : { key, match: { except } };
}

const isEmpty = (key: string): Condition => ({ key, values_count: { lt: 1 } });
const hasValue = (key: string): Condition => ({ key, values_count: { gte: 1 } });
/** What an empty list of values, of which one is to be met, comes to. */
const NEVER: Condition = {
  must: [
    { key: 'id', exists: true },
    { key: 'id', exists: false },
  ],
};

/** As many as that of the conditions: any of the choices of so many. */
function atLeast(conditions: readonly Condition[], count: number, where: string): Condition[] {
  if (count === 0) return [];
  if (count > conditions.length) return [NEVER];
  const choices = choicesOf(conditions, count, where);
  return [{ should: choices.map((choice) => (choice.length === 1 && choice[0] ? choice[0] : { must: [...choice] })) }];
}

function choicesOf(conditions: readonly Condition[], count: number, where: string): (readonly Condition[])[] {
  let choices: (readonly Condition[])[] = [[]];
  for (const [index, condition] of conditions.entries()) {
    const left = conditions.length - index - 1;
    choices = choices.flatMap((choice) => {
      const without = choice.length + left >= count ? [choice] : [];
      return choice.length < count ? [...without, [...choice, condition]] : without;
    });
    if (choices.length > limits.filterConditionsMax) {
      throw invalidField(where, `comes to more than ${limits.filterConditionsMax} conditions`);
    }
  }
  return choices;
}

function withoutNulls<Values extends object>(values: Values): { [Name in keyof Values]?: NonNullable<Values[Name]> } {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]: [string, unknown]) => value !== null && value !== undefined),
  ) as { [Name in keyof Values]?: NonNullable<Values[Name]> };
}

function timeOf(text: string): string {
  return isoTimeOf(text) ?? text;
}

/** Their times may be a date alone, have a space before the time, and no offset, which is UTC; ours are ISO 8601. */
export function isoTimeOf(text: string): string | undefined {
  const [, date, time, offset] =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?\s?(Z|[+-]\d{2}:?\d{2})?$/i.exec(text) ?? [];
  if (date === undefined) return undefined;
  const zone = offset?.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2').toUpperCase() ?? 'Z';
  const seconds = time?.length === 5 ? ':00' : '';
  return `${date}T${time ?? '00:00:00'}${seconds}${zone}`;
}
