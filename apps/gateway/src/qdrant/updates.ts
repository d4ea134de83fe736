import { z } from 'zod';
import { limits, type Filter, type PointId } from '@vectorizer/contracts';
import { invalidField, parse } from '@vectorizer/frame';
import { filterOf } from './filters.ts';
import { listed } from './listed.ts';
import { notTaken, SHARD_KEY } from './not-taken.ts';
import { QdrantId } from './point-ids.ts';
import { NAMED, unnamed, UnnamedVector } from './vectors.ts';

/** What is to be done to one point, as an operation of a mixed batch of ours. */
type Change = { readonly op: string; readonly [field: string]: unknown };

/** What one of their operations comes to. */
export type Update =
  | {
      readonly kind: 'points';
      readonly operations: readonly (Change & { readonly id: PointId })[];
      /** Where the client has what an operation is about, for errors. */
      readonly placeOf: (index: number) => string;
      /** A point that is not there is an error, and not nothing to do. */
      readonly demandsPoints: boolean;
    }
  /** The same change of every point that matches; without a change they are deleted. */
  | { readonly kind: 'matching'; readonly filter: Filter; readonly change?: Change };

/** As much as their clients send at once; it is logged in parts. */
const POINTS_MAX = 10_000;
const list = <Item extends z.ZodType>(item: Item): z.ZodArray<Item> => listed(item, POINTS_MAX);

const Point = z.strictObject({ id: QdrantId, vector: UnnamedVector, payload: z.unknown().optional() });
const Columns = z.strictObject({
  ids: list(QdrantId),
  vectors: z.unknown(),
  payloads: list(z.unknown()).nullish(),
});
const CONDITIONAL = notTaken('not supported: write on a condition with if_version of our own interface');
const Upsert = z.strictObject({
  points: list(Point).optional(),
  batch: Columns.optional(),
  shard_key: SHARD_KEY,
  update_filter: CONDITIONAL,
  update_mode: z.literal('upsert', 'not supported but for upsert').nullish(),
});

/** Points by their ids, or by what they match. */
const Selector = { points: list(QdrantId).nullish(), filter: z.unknown().optional(), shard_key: SHARD_KEY };
const KEY = notTaken('not supported: what is set is the top of the payload');
const SetPayload = z.strictObject({ ...Selector, payload: z.unknown(), key: KEY });
const DeletePayload = z.strictObject({ ...Selector, keys: listed(z.string(), limits.payloadKeysPerRequestMax) });
const OfPoints = z.strictObject(Selector);
const Vectors = z.strictObject({
  points: list(z.strictObject({ id: QdrantId, vector: UnnamedVector })),
  shard_key: SHARD_KEY,
  update_filter: CONDITIONAL,
});
export const updateBodies = {
  upsert: Upsert,
  delete: OfPoints,
  set_payload: SetPayload,
  overwrite_payload: SetPayload,
  delete_payload: DeletePayload,
  clear_payload: OfPoints,
  update_vectors: Vectors,
};
export type UpdateName = keyof typeof updateBodies;

const readers: { readonly [Name in UpdateName]: (input: unknown, where: string) => Update } = {
  upsert: (input, where) => upsertOf(parse(Upsert, input, where), inside(where)),
  update_vectors: (input, where) => vectorsOf(parse(Vectors, input, where), inside(where)),
  delete: (input, where) => selected(parse(OfPoints, input, where), { where, change: undefined }),
  clear_payload: (input, where) =>
    selected(parse(OfPoints, input, where), { where, change: { op: 'update', payload: null } }),
  set_payload: (input, where) => {
    const { payload, ...selector } = parse(SetPayload, input, where);
    return selected(selector, { where, change: { op: 'payload_merge', payload }, demandsPoints: true });
  },
  overwrite_payload: (input, where) => {
    const { payload, ...selector } = parse(SetPayload, input, where);
    return selected(selector, { where, change: { op: 'payload_replace', payload }, demandsPoints: true });
  },
  delete_payload: (input, where) => {
    const { keys, ...selector } = parse(DeletePayload, input, where);
    const nested = keys.findIndex((key) => /[.[\]"]/.test(key));
    if (nested >= 0) {
      throw invalidField(`${inside(where)}keys[${nested}]`, 'not supported below the top of the payload');
    }
    return selected(selector, { where, change: { op: 'payload_delete_keys', keys }, demandsPoints: true });
  },
};

/** The update that a body asks for. Throws what is wrong with it, before anything is written. */
export function updateOf(name: UpdateName, input: unknown, where = ''): Update {
  return readers[name](input, where);
}

const Batch = z.strictObject({
  operations: listed(z.record(z.string(), z.unknown()), limits.batchPointsMax),
});
const NOT_DELETED = 'not supported: a point has its vector, or is deleted';

/** Each operation is an object with one field, which names it. */
export function updatesOf(input: unknown): Update[] {
  const { operations } = parse(Batch, input);
  return operations.map((operation, index) => {
    const where = `operations[${index}]`;
    const [name, ...more] = Object.keys(operation);
    if (name === 'delete_vectors') throw invalidField(`${where}.delete_vectors`, NOT_DELETED);
    if (name === undefined || more.length > 0 || !isName(name)) {
      throw invalidField(where, `expected exactly one of ${Object.keys(updateBodies).join(', ')}`);
    }
    return updateOf(name, operation[name], `${where}.${name}`);
  });
}

function isName(name: string): name is UpdateName {
  return Object.hasOwn(updateBodies, name);
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;
const inside = (where: string): string => (where === '' ? '' : `${where}.`);

function upsertOf({ points, batch }: z.output<typeof Upsert>, where: string): Update {
  if ((points === undefined) === (batch === undefined)) {
    throw invalidField(`${where}points`, 'expected either points or batch');
  }
  if (points !== undefined) {
    const operations = points.map((point) => ({ op: 'upsert', ...point }));
    return { kind: 'points', operations, placeOf: (index) => `${where}points[${index}]`, demandsPoints: false };
  }
  const { ids, vectors, payloads } = batch ?? { ids: [], vectors: [] };
  const columns = columnOf(vectors, `${where}batch.vectors`);
  for (const [name, column] of Object.entries({ vectors: columns, payloads: payloads ?? ids })) {
    if (column.length !== ids.length)
      throw invalidField(`${where}batch.${name}`, `expected ${ids.length}, one for each id`);
  }
  const operations = ids.map((id, i) => ({
    op: 'upsert',
    id,
    vector: parse(UnnamedVector, columns[i], `${where}batch.vectors[${i}]`),
    payload: payloads?.[i],
  }));
  return { kind: 'points', operations, placeOf: (index) => `${where}batch, item ${index}`, demandsPoints: false };
}

/** Of the vectors without a name: a list of them, or of those of the name "". */
function columnOf(vectors: unknown, where: string): readonly unknown[] {
  const column = unnamed(vectors);
  if (Array.isArray(column)) return column as unknown[];
  throw invalidField(where, column === undefined ? NAMED : 'expected a list of vectors');
}

function vectorsOf({ points }: z.output<typeof Vectors>, where: string): Update {
  const operations = points.map((point) => ({ op: 'update', ...point }));
  return { kind: 'points', operations, placeOf: (index) => `${where}points[${index}]`, demandsPoints: true };
}

type Selected = { readonly where: string; readonly change: Change | undefined; readonly demandsPoints?: boolean };

function selected(
  { points, filter }: { readonly points?: PointId[] | null | undefined; readonly filter?: unknown },
  { where, change, demandsPoints = false }: Selected,
): Update {
  if (isGiven(points) === isGiven(filter))
    throw invalidField(`${inside(where)}points`, 'expected either points or filter');
  if (points) {
    const operations = points.map((id) => ({ ...(change ?? { op: 'delete' }), id }));
    return { kind: 'points', operations, placeOf: (index) => `${inside(where)}points[${index}]`, demandsPoints };
  }
  const place = `${inside(where)}filter`;
  const found = filterOf(filter, place);
  // Nobody is to change everything by leaving something out.
  if (found === undefined) throw invalidField(place, 'must have at least one condition');
  return { kind: 'matching', filter: found, ...(change !== undefined && { change }) };
}
