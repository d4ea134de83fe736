import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { ASK_AGAIN } from '../page-headers.ts';

export type FixedContent = {
  readonly type: string;
  /** Made when it is first asked for, and kept. */
  readonly make: () => string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Serves text that is the same for the life of the process; whoever has it already is told so. */
export function serveFixed(fastify: FastifyInstance, path: string, { type, make, headers = {} }: FixedContent): void {
  let made: { readonly bytes: Buffer; readonly etag: string } | undefined;
  fastify.get(path, (request, reply): FastifyReply => {
    made ??= tagged(make());
    const { bytes, etag } = made;
    void reply.headers({ ...headers, 'content-type': type, 'cache-control': ASK_AGAIN, etag });
    return request.headers['if-none-match'] === etag ? reply.code(304).send() : reply.send(bytes);
  });
}

function tagged(text: string): { readonly bytes: Buffer; readonly etag: string } {
  const bytes = Buffer.from(text);
  return { bytes, etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"` };
}
