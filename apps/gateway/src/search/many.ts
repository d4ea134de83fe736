import {
  byRank,
  readStages,
  type CacheNote,
  type CollectionRecord,
  type Hit,
  type ReadStages,
  type SearchSpec,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { checkVector, invalidField } from '@vectorizer/frame';
import { checkFilter } from '../points/check-filter.ts';
import type { ReadCall, SearchedOne } from '../points/reads.ts';
import { checkSettings } from './check-settings.ts';

/** What one of the collections answered. */
export type Part = SearchedOne & { readonly call: ReadCall };
export type PlacedHit = { readonly collection: string; readonly hit: Hit };

/** Refuses collections whose scores cannot stand in one list, and what any of them cannot do. */
export function checkMany(spec: SearchSpec, records: readonly CollectionRecord[]): void {
  checkDimensions(spec.vector, records);
  checkMetrics(records);
  for (const record of records) {
    naming(record, () => {
      checkVector(spec.vector, record.config, 'vector');
      checkSettings(spec, record.config);
      checkFilter(spec.filter, record.payload_indexes);
    });
  }
}

function checkDimensions({ length }: Float32Array, records: readonly CollectionRecord[]): void {
  const others = records.filter(({ config }) => config.dimension !== length);
  if (others.length === 0) return;
  const expected = others.map(({ name, config }) => `${config.dimension} (${name})`).join(', ');
  const collections = others.map(({ name, config }) => ({ collection: name, dimension: config.dimension }));
  throw new Failure('dimension_mismatch', `vector: expected components: ${expected}, got ${length}`, {
    details: { field: 'vector', actual: length, collections },
  });
}

function checkMetrics(records: readonly CollectionRecord[]): void {
  if (new Set(records.map(({ config }) => config.metric)).size <= 1) return;
  const metrics = records.map(({ name, config }) => `${name} has ${config.metric}`).join(', ');
  throw invalidField('collections', `scores of different metrics cannot be compared: ${metrics}`);
}

function naming(record: CollectionRecord, check: () => void): void {
  try {
    check();
  } catch (cause) {
    throw named(record, cause);
  }
}

/** What fails for one of several says for which. */
export async function ofCollection<Answer>(record: CollectionRecord, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (cause) {
    throw named(record, cause);
  }
}

function named({ name }: CollectionRecord, cause: unknown): Failure {
  const { type, message, details } = Failure.from(cause);
  return new Failure(type, `${message} (collection ${name})`, { cause, details: { ...details, collection: name } });
}

/** The best k of all; of equals first those whose ids come first, then those of collections named first. */
export function mergeParts(parts: readonly Part[], k: number): readonly PlacedHit[] {
  const placed = parts.flatMap(({ call, result }) =>
    result.hits.map((hit) => ({ collection: call.collection.name, hit })),
  );
  return placed.toSorted((a, b) => byRank(a.hit, b.hit)).slice(0, k);
}

/** A hit only when nothing was searched for any of them. In any case as old as the oldest part that was kept. */
export function cacheNoteOf(parts: readonly Part[]): CacheNote | undefined {
  let age_ms: number | undefined;
  let status: CacheNote['status'] = 'hit';
  for (const { cache } of parts) {
    if (cache === undefined) return undefined;
    if (cache.age_ms !== undefined) age_ms = Math.max(age_ms ?? 0, cache.age_ms);
    if (cache.status !== 'hit' && status !== 'miss') status = cache.status;
  }
  if (status === 'hit') return { status, age_ms: age_ms ?? 0 };
  return { status, ...(age_ms !== undefined && { age_ms }) };
}

/** Of each stage the longest, since the collections are asked at once. */
export function slowestStages(parts: readonly Part[]): ReadStages {
  const slowest: Partial<Record<(typeof readStages)[number], number>> = {};
  for (const { stages = {} } of parts) {
    for (const stage of readStages) {
      const ms = stages[stage];
      if (ms !== undefined) slowest[stage] = Math.max(slowest[stage] ?? 0, ms);
    }
  }
  return slowest;
}
