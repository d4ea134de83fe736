import { limits, parsePayload, type Metric, type Operation, type Outcome } from '@vectorizer/contracts';
import { sameVector, type PointRecord } from '../state/record.ts';
import { isZero } from '../vector/metric.ts';

/** The operations on one point. */
export type PointOperation = Exclude<Operation, { kind: 'delete_by_filter' }>;
export type Rules = { readonly dimension: number; readonly metric: Metric; readonly sequence: number };
/** `next` is the point after the operation: the same object when nothing changed. */
export type Decision = { readonly next: PointRecord | undefined; readonly outcome: Outcome };

/**
 * What an operation comes to, decided from the point as it is and nothing else:
 *
 * - Every operation that takes effect gives the point the entry's sequence as its version, also when it writes what was
 *   there already: a writer that was answered `updated` at a sequence finds that version. `unchanged` is for an
 *   operation that asks for nothing: an update without a vector and a payload, a merge of no keys, a deletion of keys
 *   that the payload lacks. It keeps the version.
 * - A vector that is written again with the same bits keeps its vector version, so the index is left alone.
 * - What cannot be (wrong dimension, zero vector under cosine, payload too large) is `rejected` before anything else.
 * - An absent point has version 0: `if_version: 0` lets an upsert only create. Other operations on an absent point
 *   answer `not_found`, whatever their `if_version`.
 */
export function decide(record: PointRecord | undefined, op: PointOperation, rules: Rules): Decision {
  const reason = fault(op, rules);
  if (reason !== undefined) return { next: record, outcome: { status: 'rejected', reason } };
  if (op.kind === 'upsert' || op.kind === 'insert') return put(record, op, rules);
  if (record === undefined) return { next: undefined, outcome: { status: 'not_found' } };
  if (conflicts(record, op.if_version)) return conflict(record);
  if (op.kind === 'delete') return { next: undefined, outcome: { status: 'deleted', version: rules.sequence } };
  if (op.kind === 'update') return update(record, op, rules);
  if (op.kind === 'payload_merge') return merge(record, op.payload, rules);
  if (op.kind === 'payload_replace') return change(record, { payload: op.payload }, rules);
  return deleteKeys(record, op.keys, rules);
}

type Put = Extract<PointOperation, { kind: 'upsert' | 'insert' }>;

function put(record: PointRecord | undefined, op: Put, rules: Rules): Decision {
  if (op.kind === 'insert' && record !== undefined) {
    return { next: record, outcome: { status: 'already_exists', version: record.version } };
  }
  if (op.kind === 'upsert' && conflicts(record, op.if_version)) return conflict(record);
  const { vector, payload = null } = op;
  if (record !== undefined) return change(record, { vector, payload }, rules);
  const version = rules.sequence;
  return { next: { version, vectorVersion: version, vector, payload }, outcome: { status: 'created', version } };
}

function update(record: PointRecord, op: Extract<PointOperation, { kind: 'update' }>, rules: Rules): Decision {
  if (op.vector === undefined && op.payload === undefined) return unchanged(record);
  return change(record, { vector: op.vector, payload: op.payload }, rules);
}

function merge(record: PointRecord, text: string, rules: Rules): Decision {
  const added = parsePayload(text);
  if (Object.keys(added).length === 0) return unchanged(record);
  const present = record.payload === null ? {} : parsePayload(record.payload);
  const payload = JSON.stringify({ ...present, ...added });
  const reason = payloadFault(payload);
  if (reason !== undefined) return { next: record, outcome: { status: 'rejected', reason } };
  return change(record, { payload }, rules);
}

function deleteKeys(record: PointRecord, keys: readonly string[], rules: Rules): Decision {
  if (record.payload === null) return unchanged(record);
  const gone = new Set(keys);
  const present = Object.entries(parsePayload(record.payload));
  const left = present.filter(([key]) => !gone.has(key));
  if (left.length === present.length) return unchanged(record);
  // fromEntries defines properties, so that a key named __proto__ stays data.
  return change(record, { payload: JSON.stringify(Object.fromEntries(left)) }, rules);
}

type Change = { readonly vector?: Float32Array | undefined; readonly payload?: string | null | undefined };

function change(record: PointRecord, { vector, payload }: Change, { sequence }: Rules): Decision {
  const moved = vector !== undefined && !sameVector(vector, record.vector);
  return {
    next: {
      version: sequence,
      vectorVersion: moved ? sequence : record.vectorVersion,
      vector: moved ? vector : record.vector,
      payload: payload === undefined ? record.payload : payload,
    },
    outcome: { status: 'updated', version: sequence },
  };
}

function unchanged(record: PointRecord): Decision {
  return { next: record, outcome: { status: 'unchanged', version: record.version } };
}

function conflicts(record: PointRecord | undefined, expected: number | undefined): boolean {
  return expected !== undefined && expected !== (record?.version ?? 0);
}

function conflict(record: PointRecord | undefined): Decision {
  return { next: record, outcome: { status: 'version_conflict', version: record?.version ?? 0 } };
}

/** The services check this too; a foreign producer may not. */
function fault(op: PointOperation, { dimension, metric }: Rules): string | undefined {
  if ('vector' in op && op.vector !== undefined) {
    if (op.vector.length !== dimension) {
      return `expected a vector of ${dimension} components, got ${op.vector.length}`;
    }
    if (metric === 'cosine' && isZero(op.vector)) return 'a zero vector has no direction, which cosine needs';
  }
  return 'payload' in op && typeof op.payload === 'string' ? payloadFault(op.payload) : undefined;
}

function payloadFault(text: string): string | undefined {
  return Buffer.byteLength(text) > limits.payloadBytesMax
    ? `a payload has at most ${limits.payloadBytesMax} bytes as JSON`
    : undefined;
}
