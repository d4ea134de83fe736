import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendJson } from '../answers.ts';
import { contextOf, queries, queryOf } from '../requests.ts';
import { Logs } from './logs.ts';

@Controller('api/v1/logs')
export class LogsController {
  readonly #logs: Logs;

  constructor(@Inject(Logs) logs: Logs) {
    this.#logs = logs;
  }

  @Get()
  async of(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { correlation_id, timeout_ms } = queryOf(queries.logs, request);
    sendJson(reply, 200, await this.#logs.of(correlation_id, contextOf(request, timeout_ms)));
  }
}
