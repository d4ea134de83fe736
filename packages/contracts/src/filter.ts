import { z } from 'zod';
import { limits } from './limits.ts';
import { PointId } from './names.ts';
import { PayloadKey as Key } from './payload-index.ts';

const Scalar = z.union([z.string(), z.number(), z.boolean()]);
const Scalars = z.array(Scalar).min(1).max(limits.filterValuesMax);
const Bound = z.union([z.number(), z.iso.datetime({ offset: true })]);
const Geo = z.strictObject({ lat: z.number().min(-90).max(90), lon: z.number().min(-180).max(180) });

/** Numbers, or ISO 8601 times, against numbers or ISO 8601 strings in the payload. */
export const Range = z
  .strictObject({ gt: Bound.optional(), gte: Bound.optional(), lt: Bound.optional(), lte: Bound.optional() })
  .refine((range) => Object.values(range).some((bound) => bound !== undefined), 'expected at least one bound')
  .refine(
    (range) => new Set(Object.values(range).map((bound) => typeof bound)).size <= 1,
    'bounds must be of one type',
  );
export type Range = z.infer<typeof Range>;

const Count = z.int().nonnegative().optional();
/** Of the values at a key that are not null: none where the key is absent, the elements of an array, else one. */
const Counts = z
  .strictObject({ gt: Count, gte: Count, lt: Count, lte: Count })
  .refine((range) => Object.values(range).some((bound) => bound !== undefined), 'expected at least one bound');

const Match = z.union([
  z.strictObject({ value: Scalar }),
  z.strictObject({ any: Scalars }),
  z.strictObject({ except: Scalars }),
]);

/** A key is a dotted path into the payload; on an array a condition holds when any element satisfies it. */
export const conditions = {
  match: z.strictObject({ key: Key, match: Match }),
  range: z.strictObject({ key: Key, range: Range }),
  exists: z.strictObject({ key: Key, exists: z.boolean() }),
  is_null: z.strictObject({ key: Key, is_null: z.boolean() }),
  values_count: z.strictObject({ key: Key, values_count: Counts }),
  geo_box: z.strictObject({ key: Key, geo_box: z.strictObject({ top_left: Geo, bottom_right: Geo }) }),
  geo_radius: z.strictObject({
    key: Key,
    geo_radius: z.strictObject({ center: Geo, radius_m: z.number().positive() }),
  }),
  has_id: z.strictObject({ has_id: z.array(PointId).min(1).max(limits.filterValuesMax) }),
} as const;
const Leaf = z.union(Object.values(conditions));
export type Leaf = z.infer<typeof Leaf>;
export type Condition = Leaf | Clauses;
/** All of `must`, at least one of `should` (when given), none of `must_not`. */
export type Clauses = {
  must?: Condition[] | undefined;
  should?: Condition[] | undefined;
  must_not?: Condition[] | undefined;
};

const clauseNames = ['must', 'should', 'must_not'] as const;

export const Clauses: z.ZodType<Clauses> = z.strictObject({
  get must(): z.ZodOptional<z.ZodArray<z.ZodType<Condition>>> {
    return z.array(Condition).min(1).max(limits.filterConditionsMax).optional();
  },
  get should(): z.ZodOptional<z.ZodArray<z.ZodType<Condition>>> {
    return z.array(Condition).min(1).max(limits.filterConditionsMax).optional();
  },
  get must_not(): z.ZodOptional<z.ZodArray<z.ZodType<Condition>>> {
    return z.array(Condition).min(1).max(limits.filterConditionsMax).optional();
  },
});
/**
 * Which form a condition has is told by its keys, and only that form is tried: a union would report the faults of all,
 * or of the wrong one.
 */
export const Condition: z.ZodType<Condition> = z.unknown().transform((input, context): Condition => {
  const parsed = formOf(input)?.safeParse(input);
  if (parsed?.success === true) return parsed.data;
  if (parsed === undefined) {
    const forms = Object.keys(conditions).join(', ');
    context.addIssue({ code: 'custom', message: `expected one of ${forms}, or must, should, must_not` });
  } else {
    for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: undefined });
  }
  return z.NEVER;
});

function formOf(input: unknown): z.ZodType<Condition> | undefined {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined;
  const form = Object.entries(conditions).find(([name]) => Object.hasOwn(input, name));
  if (form !== undefined) return form[1];
  return clauseNames.some((name) => Object.hasOwn(input, name)) ? Clauses : undefined;
}

export const Filter = z
  .unknown()
  .superRefine((input, context) => {
    // Measured before the recursive schema runs, so that a hostile nesting cannot exhaust the stack.
    const problem = checkSize(input);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  })
  .pipe(Clauses);
export type Filter = Clauses;

function checkSize(input: unknown): string | undefined {
  let found = 0;
  let level: unknown[] = [input];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limits.filterDepthMax) return `must nest at most ${limits.filterDepthMax} deep`;
    const next: unknown[] = [];
    for (const node of level) {
      if (typeof node !== 'object' || node === null) continue;
      for (const clause of clauseNames) {
        const children: unknown = Reflect.get(node, clause);
        if (Array.isArray(children)) next.push(...children.slice(0, limits.filterConditionsMax + 1));
      }
    }
    found += next.length;
    if (found > limits.filterConditionsMax) return `must have at most ${limits.filterConditionsMax} conditions`;
    level = next;
  }
  return undefined;
}
