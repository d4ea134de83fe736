import { randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  AuditEntry,
  CollectionName,
  Consistency,
  CorrelationId,
  limits,
  PayloadKey,
  PointId,
  SlowQueriesQuery,
  Wait,
  type CallContext,
} from '@vectorizer/contracts';
import { invalidField, parse } from '@vectorizer/frame';

/** What requests carry outside their bodies: path, query and headers. Query values are text, so each is converted. */
const Digits = z
  .string()
  .regex(/^\d{1,15}$/, 'expected a whole number')
  .transform(Number)
  .pipe(z.int().nonnegative());
const TimeoutMs = Digits.pipe(z.int().min(1).max(limits.timeoutMsMax)).optional();
const Flag = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .pipe(z.boolean());

const NoQuery = z.strictObject({});
const WriteQuery = z.strictObject({ wait: Wait.default('applied'), timeout_ms: TimeoutMs });
const DeleteQuery = WriteQuery.extend({ if_version: Digits.optional() });
const TimedQuery = z.strictObject({ timeout_ms: TimeoutMs });
const ReadQuery = z.strictObject({
  with_payload: Flag.default(true),
  with_vector: Flag.default(true),
  consistency: Consistency.optional(),
  max_lag_ms: Digits.pipe(z.int().min(0).max(limits.lagMsMax)).optional(),
  timeout_ms: TimeoutMs,
});
const ChangesQuery = ReadQuery.pick({ with_payload: true, with_vector: true }).extend({
  from: z.string().min(1).default('now'),
  filter: z.string().min(1).optional(),
  near: z.string().min(1).optional(),
  with_vector: Flag.default(false),
});
const SlowQuery = z.strictObject({
  collection: SlowQueriesQuery.shape.collection,
  min_ms: Digits.optional(),
  limit: Digits.pipe(SlowQueriesQuery.shape.limit).default(50),
  order: SlowQueriesQuery.shape.order.default('newest'),
  timeout_ms: TimeoutMs,
});
const LogsQuery = z.strictObject({ correlation_id: CorrelationId, timeout_ms: TimeoutMs });
const OperationQuery = z.strictObject({ collection: CollectionName, timeout_ms: TimeoutMs });
const DeadLettersQuery = z.strictObject({
  after: Digits.default(0),
  limit: Digits.pipe(z.int().min(1).max(limits.deadLettersPageMax)).default(50),
});
const ReplicasQuery = TimedQuery.extend({ routable: Flag.optional() });
const ProofQuery = TimedQuery.extend({ collection: CollectionName });
const EventsQuery = z.strictObject({ after: Digits.optional() });
const Text = z.string().min(1).max(512).optional();
const Time = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text).toISOString())
  .pipe(z.iso.datetime());
const AuditQuery = z.strictObject({
  actor: Text,
  action: Text,
  target: Text,
  result: AuditEntry.shape.result.optional(),
  from: Time.optional(),
  to: Time.optional(),
  limit: Digits.pipe(z.int().min(1).max(limits.auditPageMax)).default(100),
  before: z
    .string()
    .regex(/^\d{1,15}\.\d{1,6}$/, 'expected the next of an answer')
    .optional(),
});
const AuditChainQuery = z.strictObject({ after: Digits.default(0) });
export const queries = {
  replicas: ReplicasQuery,
  proof: ProofQuery,
  replicationEvents: EventsQuery,
  audit: AuditQuery,
  auditChain: AuditChainQuery,
  deadLetters: DeadLettersQuery,
  changes: ChangesQuery,
  operation: OperationQuery,
  slow: SlowQuery,
  logs: LogsQuery,
  none: NoQuery,
  timed: TimedQuery,
  write: WriteQuery,
  delete: DeleteQuery,
  read: ReadQuery,
};

/** Visible ASCII, so that it can travel in any header and stand in any log line. */
const IdempotencyKey = new RegExp(`^[\\x21-\\x7e]{1,${limits.idempotencyKeyCharactersMax}}$`);
const KEY_EXPECTED = `expected 1 to ${limits.idempotencyKeyCharactersMax} visible ASCII characters`;
export const OperationId = z.string().regex(IdempotencyKey, KEY_EXPECTED);

export function collectionNameOf(request: FastifyRequest): CollectionName {
  return parse(CollectionName, parameter(request, 'collection'), 'collection');
}

export function aliasOf(request: FastifyRequest): CollectionName {
  return parse(CollectionName, parameter(request, 'alias'), 'alias');
}

export function pointIdOf(request: FastifyRequest): PointId {
  return parse(PointId, parameter(request, 'id'), 'id');
}

export function payloadKeyOf(request: FastifyRequest): string {
  return parse(PayloadKey, parameter(request, 'key'), 'key');
}

/** The key of a write, as it was sent or answered. */
export function operationIdOf(request: FastifyRequest): string {
  return parse(OperationId, parameter(request, 'id'), 'id');
}

export const EventSequence = Digits.pipe(z.int().min(1));

/** Of an event, or of a dead letter. */
export function eventSequenceOf(request: FastifyRequest): number {
  return parse(EventSequence, parameter(request, 'sequence'), 'sequence');
}

export function queryOf<Schema extends z.ZodType>(schema: Schema, request: FastifyRequest): z.output<Schema> {
  return parse(schema, request.query, 'query');
}

/** For routes without a body: one that is sent would be ignored, and its sender would not know. */
export function refuseBody(request: FastifyRequest): void {
  if (request.body !== undefined && request.body !== null) throw invalidField('body', 'this route takes none');
}

export function contextOf(request: FastifyRequest, timeoutMs: number = limits.timeoutMsDefault): CallContext {
  return { correlationId: request.id, deadline: Date.now() + timeoutMs };
}

/** The client's key, under which a retry gets the first answer; a random one when it has none. Answered in the same header. */
export function requestIdOf(request: FastifyRequest): string {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return randomUUID();
  if (typeof key === 'string' && IdempotencyKey.test(key)) return key;
  throw invalidField('Idempotency-Key', KEY_EXPECTED);
}

/** As HTTP has it: an answer that is kept somewhere will not do. */
export function refusesCached(request: FastifyRequest): boolean {
  const header = request.headers['cache-control'];
  if (header === undefined) return false;
  return header.split(',').some((directive) => /^(no-cache|no-store)$/i.test(directive.trim()));
}

export function parameter(request: FastifyRequest, name: string): unknown {
  return (request.params as Readonly<Record<string, unknown>>)[name];
}
