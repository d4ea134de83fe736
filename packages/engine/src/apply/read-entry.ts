import { limits, openEntry, readOperation, type Operation } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Slices } from './slices.ts';

/** MessagePack is unpacked in one go, which takes a millisecond or two for a megabyte: a slice of its own. */
const UNPACKED_IN_PASSING_MAX = 256 * 1024;

export type ReadRequest = { readonly id: string; readonly ops: readonly Operation[] };

/**
 * The requests of an entry, parsed in slices; undefined when the bytes are no entry. All of an entry is refused for one
 * malformed operation, since it then was not written by anything that keeps the contract.
 */
export async function readEntry(bytes: Uint8Array, slices: Slices): Promise<readonly ReadRequest[] | undefined> {
  if (slices.due || bytes.length > UNPACKED_IN_PASSING_MAX) await slices.next();
  const envelope = open(bytes);
  if (envelope === undefined) return undefined;
  let operations = 0;
  for (const request of envelope.requests) operations += request.ops.length;
  if (operations > limits.entryOperationsMax) return undefined;
  const requests: ReadRequest[] = [];
  for (const { id, ops: raw } of envelope.requests) {
    const ops: Operation[] = [];
    for (const op of raw) {
      const read = readOperation(op);
      if (read === undefined) return undefined;
      ops.push(read);
      if (slices.due) await slices.next();
    }
    requests.push({ id, ops });
  }
  return requests;
}

function open(bytes: Uint8Array): ReturnType<typeof openEntry> | undefined {
  try {
    return openEntry(bytes);
  } catch (cause) {
    if (Failure.from(cause).onReplay === 'skip') return undefined;
    throw cause;
  }
}
