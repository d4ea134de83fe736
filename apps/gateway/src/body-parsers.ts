import type { FastifyInstance, FastifyRequest } from 'fastify';
import { readJson, readMessagePack } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';

/** What takes an archive reads it while it arrives; every other body is read first, up to its limit. */
export const ARCHIVE = 'application/x-tar';
const TAKES_ARCHIVES = /\/snapshots\/upload$/;

/**
 * Bodies are JSON or MessagePack, and for one route an archive. An empty one is left undefined: whether the route wants one is for
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
  fastify.addContentTypeParser(ARCHIVE, (request, body, done) => {
    try {
      refuseEncoding(request);
      if (!TAKES_ARCHIVES.test(request.routeOptions.url ?? '')) {
        throw new Failure('unsupported_media_type', 'send application/json or application/msgpack');
      }
      done(null, body);
    } catch (thrown) {
      done(Failure.from(thrown));
    }
  });
}

function refuseEncoding(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return;
  throw new Failure(
    'unsupported_media_type',
    `content-encoding: ${encoding} is not understood; send the body as it is`,
  );
}
