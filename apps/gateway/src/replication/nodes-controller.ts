import { Controller, Delete, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { NodeId } from '@vectorizer/contracts';
import { parse } from '@vectorizer/frame';
import { sendJson } from '../answers.ts';
import { contextOf, parameter, queries, queryOf, refuseBody } from '../requests.ts';
import { Nodes } from './nodes.ts';

@Controller('api/v1/replication/nodes')
export class NodesController {
  readonly #nodes: Nodes;

  constructor(@Inject(Nodes) nodes: Nodes) {
    this.#nodes = nodes;
  }

  @Get()
  list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    queryOf(queries.none, request);
    const nodes = this.#nodes.list();
    sendJson(reply, 200, { nodes, count: nodes.length });
  }

  /** Forgets one that is gone for good. */
  @Delete(':node')
  async remove(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { timeout_ms } = queryOf(queries.timed, request);
    refuseBody(request);
    const node = parse(NodeId, parameter(request, 'node'), 'node');
    await this.#nodes.remove(node, contextOf(request, timeout_ms));
    sendJson(reply, 200, { node, status: 'removed' });
  }
}
