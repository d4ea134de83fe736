import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { maySee } from '@vectorizer/frame';
import { sendJson } from '../answers.ts';
import { contextOf, queries, queryOf } from '../requests.ts';
import { SlowQueries } from './slow-queries.ts';

@Controller('api/v1/slow-queries')
export class SlowQueriesController {
  readonly #slow: SlowQueries;

  constructor(@Inject(SlowQueries) slow: SlowQueries) {
    this.#slow = slow;
  }

  @Get()
  async list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { timeout_ms, ...asked } = queryOf(queries.slow, request);
    const sees = (collection: string): boolean => maySee(request, collection);
    sendJson(reply, 200, await this.#slow.find(asked, { context: contextOf(request, timeout_ms), sees }));
  }
}
