import { Packr } from 'msgpackr';
import { z } from 'zod';
import { Failure } from '@vectorizer/errors';
import { limits } from './limits.ts';
import { Operation } from './operation.ts';
import { bytesOfFloat32 } from './vector.ts';

/**
 * An entry is one message of a log: MessagePack `{ v, at, requests: [{ id, ops: [{ kind, … }], by? }] }`. Vectors are
 * little-endian float32 bytes and payloads are JSON text, so that any language can write one. `at` is the writer's
 * clock in milliseconds; it is for people, and no replica decides by it.
 */
export const ENTRY_VERSION = 1;

export const Request = z.object({
  id: z.string().min(1).max(limits.idempotencyKeyCharactersMax),
  ops: z.array(Operation).min(1).max(limits.entryOperationsMax),
  /** Who made it, as JSON: for the audit log; no replica looks at it. */
  by: z.string().max(limits.authorshipCharactersMax).optional(),
});
export type Request = z.infer<typeof Request>;

/** Version 0 is never written; when there is a version 2, this accepts 1 and 2. */
export const Entry = z.object({
  v: z.literal(ENTRY_VERSION),
  at: z.number(),
  requests: z.array(Request).min(1),
});
export type Entry = z.infer<typeof Entry>;

const packr = new Packr({ useRecords: false, mapsAsObjects: true });

export function encodeEntry(entry: { readonly at: number; readonly requests: readonly EncodedRequest[] }): Uint8Array {
  return packr.pack({ v: ENTRY_VERSION, at: entry.at, requests: entry.requests });
}

/** A request whose operations are ready for the wire, with about how many bytes they will take there. */
export type EncodedRequest = { readonly id: string; readonly ops: readonly object[]; readonly by?: string };

export function encodeRequest(request: Request): { readonly request: EncodedRequest; readonly bytes: number } {
  let bytes = 64 + request.id.length + (request.by?.length ?? 0) * 3;
  const ops = request.ops.map((op) => {
    bytes += 64 + ('id' in op ? op.id.length * 3 : 0) + ('payload' in op && op.payload ? op.payload.length * 3 : 0);
    if (op.kind === 'delete_by_filter') bytes += JSON.stringify(op.filter).length * 3;
    if (!('vector' in op) || op.vector === undefined) return op;
    bytes += op.vector.byteLength;
    return { ...op, vector: bytesOfFloat32(op.vector) };
  });
  const { id, by } = request;
  return { request: by === undefined ? { id, ops } : { id, ops, by }, bytes };
}

/** Throws `validation_error` for bytes that are not an entry: replicas record such a message as rejected and go on. */
export function decodeEntry(bytes: Uint8Array): Entry {
  return parse(Entry, unpack(bytes));
}

/** An entry whose operations are still to be parsed, with `Operation`: for a reader that does so little by little. */
export const Envelope = Entry.extend({
  requests: z.array(Request.extend({ ops: z.array(z.unknown()).min(1).max(limits.entryOperationsMax) })).min(1),
});
export type Envelope = z.infer<typeof Envelope>;

/** As `decodeEntry`, without looking into the operations. */
export function openEntry(bytes: Uint8Array): Envelope {
  const raw = unpack(bytes);
  return isUsual(raw) ? raw : parse(Envelope, raw);
}

function unpack(bytes: Uint8Array): unknown {
  try {
    return packr.unpack(bytes);
  } catch (cause) {
    throw new Failure('validation_error', 'entry is not MessagePack', { cause });
  }
}

function parse<Shape extends z.ZodType>(shape: Shape, raw: unknown): z.output<Shape> {
  const parsed = shape.safeParse(raw);
  if (!parsed.success) throw new Failure('validation_error', `entry is malformed: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** What the schema takes, seen at a tenth of its cost; false may be wrong. Replicas open every entry of their logs. */
function isUsual(raw: unknown): raw is Envelope {
  if (!isRecord(raw)) return false;
  const { v, at, requests } = raw;
  return v === ENTRY_VERSION && Number.isFinite(at) && isList(requests) && requests.every(isUsualRequest);
}

function isUsualRequest(raw: unknown): boolean {
  if (!isRecord(raw)) return false;
  const { id, ops } = raw;
  const named = typeof id === 'string' && id.length >= 1 && id.length <= limits.idempotencyKeyCharactersMax;
  return named && isList(ops) && ops.length <= limits.entryOperationsMax;
}

function isRecord(raw: unknown): raw is Readonly<Record<string, unknown>> {
  return typeof raw === 'object' && raw !== null;
}

function isList(raw: unknown): raw is readonly unknown[] {
  return Array.isArray(raw) && raw.length >= 1;
}
