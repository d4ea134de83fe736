import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendJson } from '../answers.ts';
import { queries, queryOf } from '../requests.ts';
import { Audit } from './audit.ts';

@Controller('api/v1/audit')
export class AuditController {
  readonly #audit: Audit;

  constructor(@Inject(Audit) audit: Audit) {
    this.#audit = audit;
  }

  @Get()
  async find(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    sendJson(reply, 200, await this.#audit.find(queryOf(queries.audit, request)));
  }

  @Get('chain')
  async chain(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    sendJson(reply, 200, await this.#audit.chain(queryOf(queries.auditChain, request).after));
  }
}
