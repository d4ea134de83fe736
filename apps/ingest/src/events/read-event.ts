import { createHash } from 'node:crypto';
import {
  CollectionName,
  eventItems,
  headerOf,
  limits,
  readJson,
  readMessagePack,
  targetOf,
  type CollectionConfig,
  type Operation,
  type StoredEvent,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { checkVector, invalidField, parse } from '@vectorizer/frame';
import type { z } from 'zod';

/** An event whose body is good, as far as that can be said without the collection. */
export type ReadEvent = {
  readonly collection: CollectionName;
  readonly requestId: string;
  readonly operations: readonly Operation[];
};

const IDEMPOTENCY_KEY = new RegExp(`^[\\x21-\\x7e]{1,${limits.idempotencyKeyCharactersMax}}$`);

/** Throws what a gateway would answer to the same mistake. */
export function readEvent(event: StoredEvent): ReadEvent {
  const { collection, kind } = targetOf(event.subject);
  const body = readBody(event);
  const many = Array.isArray(body);
  const items: readonly unknown[] = many ? body : [body];
  if (items.length === 0) throw invalidField('body', 'must not be empty');
  if (items.length > limits.batchPointsMax) {
    throw invalidField('body', `must have at most ${limits.batchPointsMax} items`);
  }
  const schema: z.ZodType = eventItems[kind];
  const operations = items.map((item, index) => {
    const found = parse(schema, item, many ? `[${index}]` : '') as object;
    return { kind, ...found } as Operation;
  });
  return { collection: parse(CollectionName, collection, 'subject'), requestId: requestIdOf(event), operations };
}

/** What only the collection can say. */
export function checkVectors(operations: readonly Operation[], config: CollectionConfig): void {
  for (const [index, operation] of operations.entries()) {
    const where = operations.length > 1 ? `[${index}].vector` : 'vector';
    if ('vector' in operation && operation.vector !== undefined) checkVector(operation.vector, config, where);
  }
}

/**
 * Under which the event is written, so that replicas know it when it comes again: the key that its producer chose, or else
 * what names it for the log servers, or else its place in the stream.
 */
function requestIdOf(event: StoredEvent): string {
  const key = headerOf(event, 'Idempotency-Key');
  if (key !== undefined) {
    if (IDEMPOTENCY_KEY.test(key)) return key;
    const expected = `expected 1 to ${limits.idempotencyKeyCharactersMax} visible ASCII characters`;
    throw invalidField('Idempotency-Key', expected);
  }
  const messageId = headerOf(event, 'Nats-Msg-Id');
  if (messageId === undefined) return `event-${event.id}`;
  return `event-id-${createHash('sha256').update(messageId).digest('base64url')}`;
}

function readBody(event: StoredEvent): unknown {
  const bytes = Buffer.from(event.body.buffer, event.body.byteOffset, event.body.byteLength);
  if (bytes.length === 0) throw new Failure('malformed_body', 'the body is empty');
  const type = headerOf(event, 'Content-Type')?.split(';')[0]?.trim().toLowerCase();
  switch (type) {
    case 'application/json':
      return readJson(bytes);
    case 'application/msgpack':
      return readMessagePack(bytes);
    case undefined:
      // JSON text begins with an ASCII character; a map or an array in MessagePack does not.
      return (bytes[0] ?? 0) < 0x80 ? readJson(bytes) : readMessagePack(bytes);
    default:
      throw new Failure('unsupported_media_type', `Content-Type: send application/json or application/msgpack`);
  }
}
