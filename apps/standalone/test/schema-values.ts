import * as fc from 'fast-check';

type Schema = Readonly<Record<string, unknown>>;
type Resolve = (schema: Schema) => Schema;

/** A few more than needed: what matters is that there are several. */
const MORE_ITEMS = 3;
const DEPTH_MAX = 4;
const TEXT_MAX = 24;

/** Values that a JSON Schema of ours describes; of what it leaves open, small ones. */
export function valuesOf(schema: Schema, resolve: Resolve, depth = 0): fc.Arbitrary<unknown> {
  const found = resolve(schema);
  const inner = (part: unknown): fc.Arbitrary<unknown> => valuesOf(part as Schema, resolve, depth + 1);
  const forms = (found['anyOf'] ?? found['oneOf']) as readonly Schema[] | undefined;
  if (forms !== undefined) {
    // The last form of a condition is a filter, and so on.
    const shallow = depth > DEPTH_MAX && forms.length > 2 ? forms.slice(0, -1) : forms;
    return fc.oneof(...shallow.map(inner));
  }
  if (found['const'] !== undefined) return fc.constant(found['const']);
  if (Array.isArray(found['enum'])) return fc.constantFrom(...(found['enum'] as unknown[]));
  if (typeof found['$ref'] === 'string') return inner(found);
  const make = makers[String(found['type'])];
  return make === undefined ? fc.jsonValue({ maxDepth: 2 }) : make(found, inner);
}

type Maker = (schema: Schema, inner: (part: unknown) => fc.Arbitrary<unknown>) => fc.Arbitrary<unknown>;
const numberIn = (schema: Schema, name: string, otherwise: number): number =>
  typeof schema[name] === 'number' ? schema[name] : otherwise;

const makers: Readonly<Record<string, Maker>> = {
  null: () => fc.constant(null),
  boolean: () => fc.boolean(),
  integer: (schema) => {
    const min = numberIn(schema, 'minimum', 0);
    const max = numberIn(schema, 'maximum', 2 ** 31);
    return fc.oneof(fc.integer({ min, max: Math.min(max, min + 4) }), fc.integer({ min, max }));
  },
  number: (schema) => {
    const min = numberIn(schema, 'minimum', numberIn(schema, 'exclusiveMinimum', -1e6) + 1e-3);
    return fc.double({ min, max: numberIn(schema, 'maximum', 1e6), noNaN: true });
  },
  string: (schema) => {
    if (schema['format'] === 'date-time') return fc.date({ noInvalidDate: true, min: EPOCH, max: FAR }).map(isoOf);
    if (schema['contentEncoding'] === 'base64') return fc.float32Array({ minLength: 1, maxLength: 4 }).map(base64Of);
    if (typeof schema['pattern'] === 'string') return fc.stringMatching(new RegExp(schema['pattern']));
    const minLength = numberIn(schema, 'minLength', 0);
    const text = fc.string({ minLength, maxLength: Math.max(minLength, TEXT_MAX), unit: 'grapheme' });
    return fc.oneof(text, fc.constantFrom('a', 'b', 'year', 'title'));
  },
  array: (schema, inner) => {
    const minLength = numberIn(schema, 'minItems', 0);
    const items = schema['items'] ?? {};
    // A vector is of the length that the collections have, more often than not.
    const isVector = (items as Schema)['type'] === 'number';
    const maxLength = Math.min(numberIn(schema, 'maxItems', minLength + MORE_ITEMS), minLength + MORE_ITEMS);
    const some = fc.array(inner(items), { minLength, maxLength });
    return isVector ? fc.oneof(fc.array(inner(items), { minLength: 3, maxLength: 3 }), some) : some;
  },
  object: (schema, inner) => {
    const properties = schema['properties'] as Readonly<Record<string, unknown>> | undefined;
    if (properties === undefined) return fc.dictionary(fc.string({ maxLength: 6 }), fc.jsonValue({ maxDepth: 2 }));
    const parts = Object.fromEntries(Object.entries(properties).map(([name, part]) => [name, inner(part)]));
    return fc.record(parts, { requiredKeys: (schema['required'] ?? []) as string[] });
  },
};

const EPOCH = new Date(0);
const FAR = new Date('2100-01-01T00:00:00Z');
const isoOf = (date: Date): string => date.toISOString();
const base64Of = (floats: Float32Array): string => Buffer.from(floats.buffer).toString('base64');
