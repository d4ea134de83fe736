import { Readable } from 'node:stream';
import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { queries, queryOf } from '../requests.ts';
import { LiveFeed } from './live-feed.ts';

@Controller('api/v1/dashboard')
export class DashboardController {
  readonly #feed: LiveFeed;

  constructor(@Inject(LiveFeed) feed: LiveFeed) {
    this.#feed = feed;
  }

  /** Server-sent events: the whole cluster, once a second. */
  @Get('stream')
  stream(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    queryOf(queries.none, request);
    const text = this.#feed.open(request.id);
    void reply
      .header('content-type', 'text/event-stream; charset=utf-8')
      .header('cache-control', 'no-store')
      .header('x-accel-buffering', 'no')
      .send(Readable.from(text));
  }
}
