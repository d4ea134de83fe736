import type { AnswerName, RequestBodyName } from '@vectorizer/contracts';
import type { FailureType } from '@vectorizer/errors';
import type { z } from 'zod';
import type { RequestHeader, ResponseHeader } from './headers.ts';

export const tags = {
  Collections: 'Collections, their other names, and their payload indexes',
  Points: 'Writing and reading points',
  Search: 'Nearest neighbours: by a vector, by several, in several collections, by examples',
  Changes: 'Following what happens to the points of a collection',
  Snapshots: 'Snapshots of collections, taken and restored in the background',
  Replication: 'Where replicas are, how far they are, and whether they are the same',
  Events: 'What became of the events that producers published to NATS',
  Access: 'Keys, roles and the audit log',
  System: 'Health, metrics, logs and slow reads',
  Legacy: 'The paths of before there were versions',
} as const;

/** What an answer without a fault is. */
export type Given = {
  readonly description: string;
  readonly headers?: readonly ResponseHeader[];
} & (
  | { readonly json: AnswerName; readonly example?: unknown }
  /** Server-sent events: the data of each, by its name. */
  | { readonly events: Readonly<Record<string, AnswerName>> }
  | { readonly type: 'application/x-tar' | 'text/plain' | 'application/json' }
);

/** One operation of the API, in what the table of routes does not say of it. */
export type Operation = {
  /** For those who generate code. */
  readonly id: string;
  readonly tag: keyof typeof tags;
  readonly summary: string;
  /** Markdown. */
  readonly description?: string;
  /** Of parameters in the path whose names do not say what they are. */
  readonly path?: Readonly<Record<string, z.ZodType>>;
  readonly query?: z.ZodObject;
  readonly headers?: readonly RequestHeader[];
  readonly body?:
    | { readonly schema: RequestBodyName; readonly optional?: true; readonly example: unknown }
    /** Bytes. */
    | { readonly type: 'application/x-tar'; readonly description: string };
  readonly answers: Readonly<Record<number, Given>>;
  /** Beside those that every route may answer. */
  readonly fails?: readonly FailureType[];
};
/** By method and pattern, as in the table of routes. */
export type Operations = Readonly<Record<string, Operation>>;

/** What a call of another service may come to. */
export const byCall: readonly FailureType[] = ['service_unavailable', 'deadline_exceeded', 'overloaded'];
/** What looking for a collection may come to. */
export const byName: readonly FailureType[] = ['collection_not_found', 'log_unavailable'];
export const byRead: readonly FailureType[] = [
  ...byName,
  ...byCall,
  'invalid_token',
  'token_ahead',
  'index_unavailable',
  'replica_behind',
  'replica_diverged',
  'storage_error',
];
export const byWrite: readonly FailureType[] = [
  ...byName,
  ...byCall,
  'invalid_token',
  'token_ahead',
  'idempotency_key_reused',
  'index_unavailable',
  'replica_behind',
  'replica_diverged',
  'storage_error',
];
