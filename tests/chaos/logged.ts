import { decodeEntry, PayloadText, type Operation } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Payload, WriteOp } from './history.ts';

/** An entry of a shard's log; `requests` is null when its bytes are no entry. */
export type LoggedEntry = { readonly sequence: number; readonly bytes: Uint8Array; readonly requests: Requests | null };
export type Requests = readonly { readonly id: string; readonly ops: readonly Operation[] }[];
/** The log of one shard, from its first entry to its last. */
export type ShardLog = readonly LoggedEntry[];

export function loggedEntry(sequence: number, bytes: Uint8Array): LoggedEntry {
  return { sequence, bytes, requests: requestsOf(bytes) };
}

function requestsOf(bytes: Uint8Array): Requests | null {
  try {
    return decodeEntry(bytes).requests;
  } catch (cause) {
    if (cause instanceof Failure && cause.type === 'validation_error') return null;
    throw cause;
  }
}

/** What the gateway should have logged for what a client sent. */
export function operationOf(op: WriteOp): Operation {
  const vector = 'vector' in op && op.vector !== undefined ? { vector: Float32Array.from(op.vector) } : {};
  const payload = 'payload' in op && op.payload !== undefined ? { payload: textOf(op.payload) } : {};
  return { ...op, ...vector, ...payload } as Operation;
}

function textOf(payload: Payload | null): string | null {
  return payload === null ? null : PayloadText.parse(payload);
}

/** Equal for equal operations, whatever the order of their fields. */
export function canonical(op: Operation): string {
  const fields = Object.entries(op).filter(([, value]) => value !== undefined);
  const plain = fields.map(([key, value]) => [key, value instanceof Float32Array ? [...value] : value]);
  return JSON.stringify(plain.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)));
}
