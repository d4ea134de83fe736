import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { replicationStatus, type Bus, type CallContext, type ReplicationStatus } from '@vectorizer/contracts';
import { sendJson } from '../answers.ts';
import { contextOf, queries, queryOf } from '../requests.ts';

/** What the replication monitor knows, handed on as it is. */
export class Replication {
  readonly #bus: Bus;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  async status(context: CallContext): Promise<ReplicationStatus> {
    return this.#bus.call(replicationStatus, {}, { context });
  }
}

@Controller('api/v1/replication')
export class ReplicationController {
  readonly #replication: Replication;

  constructor(@Inject(Replication) replication: Replication) {
    this.#replication = replication;
  }

  @Get('status')
  async status(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { timeout_ms } = queryOf(queries.timed, request);
    sendJson(reply, 200, await this.#replication.status(contextOf(request, timeout_ms)));
  }
}
