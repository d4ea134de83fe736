import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { AuditEntry } from '@vectorizer/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { sendJson } from '../answers.ts';
import { queryOf } from '../requests.ts';
import { Audit } from './audit.ts';

const LIMIT_MAX = 1_000;
const Text = z.string().min(1).max(512).optional();
const Time = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString());
const whole = (max: number): z.ZodType<number> =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'expected a whole number')
    .transform(Number)
    .pipe(z.int().max(max));

const auditQuery = z.strictObject({
  actor: Text,
  action: Text,
  target: Text,
  result: AuditEntry.shape.result.optional(),
  from: Time.optional(),
  to: Time.optional(),
  limit: whole(LIMIT_MAX).pipe(z.int().min(1)).default(100),
  before: z
    .string()
    .regex(/^\d{1,15}\.\d{1,6}$/, 'expected the next of an answer')
    .optional(),
});
const chainQuery = z.strictObject({ after: whole(Number.MAX_SAFE_INTEGER).default(0) });

@Controller('api/v1/audit')
export class AuditController {
  readonly #audit: Audit;

  constructor(@Inject(Audit) audit: Audit) {
    this.#audit = audit;
  }

  @Get()
  async find(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    sendJson(reply, 200, await this.#audit.find(queryOf(auditQuery, request)));
  }

  @Get('chain')
  async chain(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    sendJson(reply, 200, await this.#audit.chain(queryOf(chainQuery, request).after));
  }
}
