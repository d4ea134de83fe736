import { Controller, Get, Inject, Put, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LogLevelChange, logLevelChange, type Bus } from '@vectorizer/contracts';
import { parse } from '@vectorizer/frame';
import type { Logger } from '@vectorizer/telemetry';
import { sendJson } from '../answers.ts';
import { queries, queryOf } from '../requests.ts';

/** What the levels of the processes' logs are changed through. */
export class LogLevels {
  readonly #bus: Pick<Bus, 'announce'>;
  readonly #logger: Pick<Logger, 'level'>;

  constructor(parts: { readonly bus: Pick<Bus, 'announce'>; readonly logger: Pick<Logger, 'level'> }) {
    this.#bus = parts.bus;
    this.#logger = parts.logger;
  }

  /** Of this gateway. */
  get level(): string {
    return this.#logger.level;
  }

  /** Heard by every process that is connected; one that starts later has the level that it is started with. */
  change(change: LogLevelChange): void {
    this.#bus.announce(logLevelChange, change);
  }
}

@Controller('api/v1/log-level')
export class LogLevelController {
  readonly #levels: LogLevels;

  constructor(@Inject(LogLevels) levels: LogLevels) {
    this.#levels = levels;
  }

  @Get()
  level(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    queryOf(queries.none, request);
    sendJson(reply, 200, { level: this.#levels.level });
  }

  @Put()
  change(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    queryOf(queries.none, request);
    const change = parse(LogLevelChange, request.body);
    this.#levels.change(change);
    sendJson(reply, 202, change);
  }
}
