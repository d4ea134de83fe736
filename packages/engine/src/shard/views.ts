import { unindexedFilter, type Filter, type PointView, type Warning } from '@vectorizer/contracts';
import type { PointRecord } from '../state/record.ts';

/** Which parts of a point a reader asks for. */
export type Fields = { readonly with_payload: boolean; readonly with_vector: boolean };

export function viewOf(id: string, record: PointRecord, fields: Fields): PointView {
  return {
    id,
    version: record.version,
    ...(fields.with_vector ? { vector: record.vector } : {}),
    ...(fields.with_payload ? { payload: record.payload } : {}),
  };
}

const NONE: readonly Warning[] = [];

/** Names the payload keys of a filter that no index answers for. A filter by ids alone needs no index. */
export function warningsFor(filter: Filter | undefined, indexed: (key: string) => boolean): readonly Warning[] {
  if (filter === undefined) return NONE;
  const fields = [...new Set(keysOf(filter))].filter((key) => !indexed(key));
  return fields.length === 0 ? NONE : [unindexedFilter(fields)];
}

function keysOf(filter: Filter): string[] {
  const conditions = [...(filter.must ?? []), ...(filter.should ?? []), ...(filter.must_not ?? [])];
  return conditions.flatMap((condition) => {
    if ('key' in condition) return [condition.key];
    return 'has_id' in condition ? [] : keysOf(condition);
  });
}
