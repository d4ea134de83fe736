import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendEvents, sendHeadOnly } from '../event-stream.ts';
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
    if (!sendHeadOnly(reply)) sendEvents(reply, this.#feed.open(request.id));
  }
}
