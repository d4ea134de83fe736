import { createHash } from 'node:crypto';
import { operationWeight, REQUEST_WEIGHT_MAX, type Operation } from '@vectorizer/contracts';

export type Part = { readonly requestId: string; readonly operations: readonly Operation[] };

/**
 * Cuts a request that is too heavy for one entry into parts, each a request of its own in the log. The first keeps the
 * client's key and the others derive theirs from it, so that a retry of the whole replays every part.
 */
export function partsOf(requestId: string, operations: readonly Operation[]): Part[] {
  const parts: Part[] = [];
  let current: Operation[] = [];
  let weight = 0;
  for (const operation of operations) {
    const more = weightOf(operation);
    if (current.length > 0 && weight + more > REQUEST_WEIGHT_MAX) {
      parts.push({ requestId: keyOfPart(requestId, parts.length), operations: current });
      current = [];
      weight = 0;
    }
    current.push(operation);
    weight += more;
  }
  if (current.length > 0) parts.push({ requestId: keyOfPart(requestId, parts.length), operations: current });
  return parts;
}

/** The key that a part of a request is logged under. */
export function keyOfPart(requestId: string, part: number): string {
  if (part === 0) return requestId;
  return `${createHash('sha256').update(requestId).digest('base64url')}.${part}`;
}

function weightOf(operation: Operation): number {
  return operationWeight({
    idCharacters: 'id' in operation ? operation.id.length : 0,
    payloadCharacters: 'payload' in operation ? operation.payload?.length : 0,
    vector: 'vector' in operation ? operation.vector : undefined,
  });
}
