import type { FailureType } from '../http/failure-types.ts';
import type { Filter } from './filter.ts';
import type { ReadInput } from './options.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type Payload = { readonly [key: string]: Json };
/** A Float32Array travels as base64, which is smaller and faster than numbers. */
export type VectorInput = readonly number[] | Float32Array;

export type PointInput = {
  readonly id: string;
  readonly vector: VectorInput;
  readonly payload?: Payload | null | undefined;
};
/** The write fails with `version_conflict` when the point has another version. */
type OnVersion = { readonly if_version?: number | undefined };
export type UpsertInput = PointInput & OnVersion;
export type UpdateInput = OnVersion & {
  readonly vector?: VectorInput | undefined;
  /** Null clears it; absent keeps it. */
  readonly payload?: Payload | null | undefined;
};
export type PatchInput = OnVersion &
  ({ readonly merge: Payload } | { readonly replace: Payload } | { readonly delete_keys: readonly string[] });
export type OperationInput =
  | ({ readonly op: 'upsert' } & UpsertInput)
  | ({ readonly op: 'insert' } & PointInput)
  | ({ readonly op: 'update'; readonly id: string } & UpdateInput)
  | (OnVersion & {
      readonly op: 'payload_merge' | 'payload_replace';
      readonly id: string;
      readonly payload: Payload;
    })
  | (OnVersion & { readonly op: 'payload_delete_keys'; readonly id: string; readonly keys: readonly string[] })
  | (OnVersion & { readonly op: 'delete'; readonly id: string });

export type OutcomeStatus =
  | 'created'
  | 'updated'
  | 'unchanged'
  | 'deleted'
  | 'not_found'
  | 'already_exists'
  | 'version_conflict'
  | 'idempotency_key_reused'
  | 'rejected';
/** What an operation came to where it was applied; `count` of a delete by filter. */
export type Outcome = {
  readonly status: OutcomeStatus;
  readonly version?: number;
  readonly count?: number;
  readonly reason?: string;
};
export type ItemError = {
  readonly type: FailureType | (string & {});
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
};
export type ItemResult = {
  /** Its place in the request. */
  readonly index: number;
  readonly id: string | null;
  /** `logged` with `wait: 'logged'`. */
  readonly status: OutcomeStatus | 'logged';
  readonly version?: number;
  readonly error?: ItemError;
};
export type BatchResult = {
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly results: readonly ItemResult[];
  /** Of each shard that it touched, where the write is in its log. */
  readonly sequences: readonly number[];
};
export type WriteResult = {
  readonly id: string;
  readonly status: OutcomeStatus | 'logged';
  readonly version?: number;
  readonly sequences: readonly number[];
};
export type DeleteByFilterResult = {
  readonly status: 'deleted' | 'logged';
  readonly deleted?: number;
  readonly sequences: readonly number[];
};
/** What became of a write, by its idempotency key. */
export type OperationState = {
  readonly id: string;
  readonly collection: string;
  readonly status: 'not_logged' | 'logged' | 'applied';
  readonly entries: readonly {
    readonly part: number;
    readonly shard: number;
    readonly sequence: number;
    readonly status: 'logged' | 'applied';
    readonly outcomes?: readonly Outcome[];
  }[];
};

export type FieldsInput = { readonly with_payload?: boolean | undefined; readonly with_vector?: boolean | undefined };
export type Point = {
  readonly id: string;
  /** The sequence of its last change. */
  readonly version: number;
  readonly payload?: Payload | null;
  readonly vector?: readonly number[];
};
/** Something to know about an answer that is right all the same. */
export type Warning = { readonly code: string; readonly message: string; readonly fields: readonly string[] };
export type GetInput = ReadInput & FieldsInput & { readonly ids: readonly string[] };
export type GetResult = { readonly points: readonly Point[]; readonly missing: readonly string[] };
export type ScrollInput = ReadInput &
  FieldsInput & {
    /** An id; the points after it. */
    readonly after?: string | undefined;
    readonly limit?: number | undefined;
    readonly filter?: Filter | undefined;
  };
export type ScrollResult = {
  readonly points: readonly Point[];
  /** Pass it as `after` for the next page; null on the last. */
  readonly next: string | null;
  readonly warnings?: readonly Warning[];
};
export type CountInput = ReadInput & { readonly filter?: Filter | undefined };
export type CountResult = { readonly count: number; readonly warnings?: readonly Warning[] };
