import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { principalOf } from '@vectorizer/frame';
import { sendJson } from '../answers.ts';
import { queries, queryOf } from '../requests.ts';

/** Whom the gateway takes a caller for. */
@Controller('api/v1/auth')
export class AuthController {
  @Get('me')
  me(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    queryOf(queries.none, request);
    const { kind, id, name, roles, permissions, collections, events, goodUntilMs } = principalOf(request);
    const expires_at = Number.isFinite(goodUntilMs) ? new Date(goodUntilMs).toISOString() : null;
    sendJson(reply, 200, { kind, id, name, roles, permissions: [...permissions], collections, events, expires_at });
  }
}
