import type { FastifyReply } from 'fastify';

const JSON_TYPE = 'application/json; charset=utf-8';

/** Sends a value as JSON. */
export function sendJson(reply: FastifyReply, status: number, value: unknown): void {
  sendText(reply, status, JSON.stringify(value));
}

/** Sends JSON text as it is. */
export function sendText(reply: FastifyReply, status: number, text: string): void {
  void reply.code(status).header('content-type', JSON_TYPE).send(text);
}
