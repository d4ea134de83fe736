import { isAscii, isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Unpackr } from 'msgpackr';
import { Failure } from '@vectorizer/errors';

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' });

/**
 * Bodies are JSON or MessagePack, and nothing else. An empty one is left undefined: whether the route wants one is for
 * its schema to say.
 */
export function installBodyParsers(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  for (const [type, read] of [
    ['application/json', readJson],
    ['application/msgpack', readMessagePack],
  ] as const) {
    fastify.addContentTypeParser(type, { parseAs: 'buffer' }, (request, body, done) => {
      try {
        const bytes = body as Buffer;
        refuseEncoding(request);
        done(null, bytes.length === 0 ? undefined : read(bytes));
      } catch (thrown) {
        done(Failure.from(thrown));
      }
    });
  }
}

function refuseEncoding(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return;
  throw new Failure(
    'unsupported_media_type',
    `content-encoding: ${encoding} is not understood; send the body as it is`,
  );
}

function readJson(bytes: Buffer): unknown {
  // Decoding would replace bad bytes by U+FFFD, and store an id that nobody sent.
  if (!isUtf8(bytes)) throw new Failure('malformed_body', 'the body is not UTF-8');
  try {
    return JSON.parse(bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8'));
  } catch (cause) {
    throw new Failure('malformed_body', `the body is not JSON: ${messageOf(cause)}`, { cause });
  }
}

function readMessagePack(bytes: Buffer): unknown {
  try {
    return unpackr.unpack(bytes);
  } catch (cause) {
    throw new Failure('malformed_body', `the body is not MessagePack: ${messageOf(cause)}`, { cause });
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
