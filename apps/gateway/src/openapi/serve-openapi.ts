import type { FastifyInstance } from 'fastify';
import { openApiDocument } from './document.ts';
import { serveFixed } from './fixed-content.ts';

/**
 * Serves the description of the API to everybody: it is in the repository, tells nothing of what is stored, and is read by
 * tools that have no key.
 */
export function serveOpenApi(fastify: FastifyInstance): void {
  const type = 'application/json; charset=utf-8';
  serveFixed(fastify, '/openapi.json', { type, make: () => JSON.stringify(openApiDocument()) });
}
