import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Failure } from '@vectorizer/errors';
import type { HealthCheck } from '@vectorizer/frame';
import { sendJson } from '../answers.ts';
import { queryOf } from '../requests.ts';
import { sendResult } from './answers.ts';
import { qdrantQueries } from './requests.ts';

/** The version whose interface this is: their clients compare it with their own, and complain of one too far from it. */
export const QDRANT_VERSION = '1.19.0';
/** What has to be well for this process to do its job. */
export const NeededChecks = Symbol('NeededChecks');
type NeededChecks = readonly HealthCheck[];

/** What answers at the root; their clients ask for it with a slash at the end, which no route of Nest's has. */
export function serveQdrantRoot(fastify: FastifyInstance): void {
  for (const path of ['/qdrant', '/qdrant/']) {
    fastify.get(path, (_request, reply) => sendJson(reply, 200, { title: 'vectorizer', version: QDRANT_VERSION }));
  }
}

@Controller('qdrant')
export class QdrantSystemController {
  readonly #checks: NeededChecks;

  constructor(@Inject(NeededChecks) checks: NeededChecks) {
    this.#checks = checks;
  }

  @Get(['healthz', 'livez'])
  live(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const name = (request.routeOptions.url ?? '').split('/').at(-1);
    void reply.type('text/plain').send(`${name} check passed`);
  }

  @Get('readyz')
  async ready(@Res() reply: FastifyReply): Promise<void> {
    try {
      await Promise.all(this.#checks.map(async ({ check }) => check()));
    } catch (cause) {
      throw new Failure('service_unavailable', 'not ready', { cause });
    }
    void reply.type('text/plain').send('all shards are ready');
  }

  /** There is nothing of their consensus here; replicas are told of at `/api/v1/replication`. */
  @Get('cluster')
  cluster(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    queryOf(qdrantQueries.none, request);
    sendResult(reply, { status: 'disabled' });
  }
}
