import { z } from 'zod';
import { limits, parsePayload, type Json } from '@vectorizer/contracts';
import { listed } from './listed.ts';

/** What of a point is answered. Where only a part of its payload is, it is read whole and the rest left out. */
export type Selection = {
  readonly with_payload: boolean;
  readonly with_vector: boolean;
  /** Of a payload that is JSON text, what is asked for. */
  readonly part?: (payload: string) => string;
};

const Paths = listed(z.string(), limits.payloadKeysPerRequestMax);
/** More names than there are vectors. */
const NAMES_MAX = 16;
export const WithPayload = z
  .union([z.boolean(), Paths, z.strictObject({ include: Paths }), z.strictObject({ exclude: Paths })], {
    error: 'expected true, false, a list of keys, { include } or { exclude }',
  })
  .nullish();
/** A list names vectors; the one that there is has no name. */
export const WithVector = z
  .union([z.boolean(), listed(z.literal('', 'not supported: a point has one vector, without a name'), NAMES_MAX)], {
    error: 'expected true or false; a point has one vector, without a name',
  })
  .nullish();

type Asked = {
  readonly with_payload?: z.output<typeof WithPayload>;
  readonly with_vector?: z.output<typeof WithVector>;
};
type Otherwise = { readonly with_payload: boolean; readonly with_vector: boolean };

export function selectionOf({ with_payload, with_vector }: Asked, otherwise: Otherwise): Selection {
  const vector = Array.isArray(with_vector) ? with_vector.length > 0 : (with_vector ?? otherwise.with_vector);
  if (with_payload === undefined || with_payload === null || typeof with_payload === 'boolean') {
    return { with_payload: with_payload ?? otherwise.with_payload, with_vector: vector };
  }
  const asked = Array.isArray(with_payload) ? { include: with_payload } : with_payload;
  const [keep, paths] = 'include' in asked ? [only, asked.include] : [without, asked.exclude];
  const steps = paths.map((path) => path.replaceAll('[]', '').split('.'));
  const part = (payload: string): string => JSON.stringify(keep(parsePayload(payload), steps) ?? {});
  return { with_payload: true, with_vector: vector, part };
}

type Steps = readonly (readonly string[])[];

/** What lies at, or under, one of the paths; undefined where nothing does. Arrays on the way stand for their elements. */
function only(value: Json, paths: Steps): Json | undefined {
  if (Array.isArray(value)) return (value as readonly Json[]).map((each) => only(each, paths) ?? null);
  if (typeof value !== 'object' || value === null) return undefined;
  const kept: [string, Json][] = [];
  for (const [key, inner] of Object.entries(value)) {
    const below = stepsBelow(paths, key);
    if (below.length === 0) continue;
    const part = below.some((steps) => steps.length === 0) ? inner : only(inner, below);
    if (part !== undefined) kept.push([key, part]);
  }
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

function without(value: Json, paths: Steps): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map((each) => without(each, paths));
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).flatMap(([key, inner]: [string, Json]): [string, Json][] => {
    const below = stepsBelow(paths, key);
    if (below.some((steps) => steps.length === 0)) return [];
    return [[key, below.length === 0 ? inner : without(inner, below)]];
  });
  return Object.fromEntries(kept);
}

/** The rests of the paths that begin with a key. */
function stepsBelow(paths: Steps, key: string): Steps {
  return paths.flatMap((steps) => (steps[0] === key ? [steps.slice(1)] : []));
}
