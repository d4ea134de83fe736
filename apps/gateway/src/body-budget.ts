import { totalmem } from 'node:os';
import { limits } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ARCHIVE } from './body-parsers.ts';

/** Smaller ones are bounded by the number of connections. */
const SMALL_BYTES = 64 * 1024;
/** Of the memory that this process may have. Decoded, a body takes several times its size. */
const MEMORY_SHARE = 1 / 16;
const BYTES_MAX = 512 * 1024 * 1024;

/**
 * Bounds what the bodies of all requests that are under way come to: each may be large, and there may be thousands of
 * connections. A request whose body does not fit is refused before that is read. It comes after the rates and the rights
 * of a key, so that nobody without one takes room.
 */
export function boundBodies(fastify: FastifyInstance, bytesMax = roomForBodies()): void {
  let taken = 0;
  fastify.addHook('preParsing', async (request, reply, payload) => {
    const bytes = sizeOf(request);
    if (bytes <= SMALL_BYTES || request.headers['content-type'] === ARCHIVE) return payload;
    if (taken + bytes > bytesMax) {
      throw new Failure('overloaded', `bodies of ${taken} bytes are worked on; there is room for ${bytesMax}`);
    }
    taken += bytes;
    reply.raw.once('close', () => (taken -= bytes));
    return payload;
  });
}

/** One of no stated size may be as large as any. One that is too large is refused for it. */
function sizeOf({ headers }: FastifyRequest): number {
  if (headers['transfer-encoding'] !== undefined) return limits.bodyBytesMax;
  return Math.min(limits.bodyBytesMax, Number(headers['content-length'] ?? 0));
}

/** At least for two of the largest. */
function roomForBodies(): number {
  const memory = process.constrainedMemory() || totalmem();
  return Math.max(2 * limits.bodyBytesMax, Math.min(BYTES_MAX, Math.floor(memory * MEMORY_SHARE)));
}
