import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendJson } from '../answers.ts';
import { contextOf } from '../requests.ts';
import { legacyStats } from '@vectorizer/contracts';
import { legacyReplica, legacyStatus } from './legacy.ts';
import { visible } from './replication-controller.ts';
import { Replication } from './replication.ts';

/** The paths of before there were versions, with what their clients expect. */
@Controller('replication')
export class LegacyReplicationController {
  readonly #replication: Replication;

  constructor(@Inject(Replication) replication: Replication) {
    this.#replication = replication;
  }

  @Get('status')
  async status(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const status = await this.#replication.status(contextOf(request));
    sendJson(reply, 200, legacyStatus({ ...status, replicas: visible(request, status.replicas) }));
  }

  @Get('stats')
  async stats(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { stats } = await this.#replication.status(contextOf(request));
    sendJson(reply, 200, legacyStats(stats));
  }

  @Get('replicas')
  async replicas(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const status = await this.#replication.status(contextOf(request));
    const replicas = visible(request, status.replicas);
    sendJson(reply, 200, { replicas: replicas.map(legacyReplica), count: replicas.length });
  }
}
