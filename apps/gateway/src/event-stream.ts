import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** Whether nobody would be there to end a stream: an answer to HEAD has a head only, and is sent here. */
export function sendHeadOnly(reply: FastifyReply): boolean {
  if (reply.request.method !== 'HEAD') return false;
  void withHead(reply).send();
  return true;
}

/** Server-sent events for as long as their client listens. `heldMax`: texts that wait for a client that is slow. */
export function sendEvents(reply: FastifyReply, texts: AsyncIterable<string>, heldMax = 16): void {
  void withHead(reply).send(Readable.from(texts, { highWaterMark: heldMax }));
}

function withHead(reply: FastifyReply): FastifyReply {
  return reply
    .header('content-type', 'text/event-stream; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no');
}
