import { createHash } from 'node:crypto';
import { limits, type Operation } from '@vectorizer/contracts';

/** A quarter of an entry: what one part weighs must fit an entry of the log and a message between services. */
const PART_BYTES_MAX = limits.entryBytesMax / 4;

export type Part = { readonly requestId: string; readonly operations: readonly Operation[] };

/**
 * Cuts a request that is too heavy for one entry into parts, each a request of its own in the log. The first keeps the
 * client's key and the others derive theirs from it, so that a retry of the whole replays every part.
 */
export function partsOf(requestId: string, operations: readonly Operation[]): Part[] {
  const parts: Part[] = [];
  let current: Operation[] = [];
  let bytes = 0;
  for (const operation of operations) {
    const size = sizeOf(operation);
    if (current.length > 0 && bytes + size > PART_BYTES_MAX) {
      parts.push({ requestId: keyOfPart(requestId, parts.length), operations: current });
      current = [];
      bytes = 0;
    }
    current.push(operation);
    bytes += size;
  }
  if (current.length > 0) parts.push({ requestId: keyOfPart(requestId, parts.length), operations: current });
  return parts;
}

function keyOfPart(requestId: string, part: number): string {
  if (part === 0) return requestId;
  return `${createHash('sha256').update(requestId).digest('base64url')}.${part}`;
}

/** About what the operation takes in an entry; three bytes per character is the most that UTF-8 needs. */
function sizeOf(operation: Operation): number {
  let bytes = 64;
  if ('id' in operation) bytes += operation.id.length * 3;
  if ('payload' in operation && operation.payload) bytes += operation.payload.length * 3;
  if ('vector' in operation && operation.vector) bytes += operation.vector.byteLength;
  return bytes;
}
