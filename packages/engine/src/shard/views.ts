import type { Filter, PointView, Warning } from '@vectorizer/contracts';
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

const UNINDEXED: readonly Warning[] = [
  {
    code: 'unindexed_filter',
    message: 'the filter reads payload fields that have no index; it is evaluated point by point',
  },
];

/** A filter by ids alone needs no index. */
export function warningsFor(filter: Filter | undefined): readonly Warning[] {
  return filter !== undefined && readsPayload(filter) ? UNINDEXED : [];
}

function readsPayload(filter: Filter): boolean {
  const conditions = [...(filter.must ?? []), ...(filter.should ?? []), ...(filter.must_not ?? [])];
  return conditions.some((condition) => 'key' in condition || (!('has_id' in condition) && readsPayload(condition)));
}
