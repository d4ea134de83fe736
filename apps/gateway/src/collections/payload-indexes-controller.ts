import { Controller, Delete, Get, Inject, Put, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PayloadIndexBody } from '@vectorizer/contracts';
import { parse } from '@vectorizer/frame';
import { sendJson } from '../answers.ts';
import { collectionNameOf, contextOf, payloadKeyOf, queries, queryOf, refuseBody } from '../requests.ts';
import { PayloadIndexes } from './payload-indexes.ts';

@Controller('api/v1/collections/:collection/payload-indexes')
export class PayloadIndexesController {
  readonly #indexes: PayloadIndexes;

  constructor(@Inject(PayloadIndexes) indexes: PayloadIndexes) {
    this.#indexes = indexes;
  }

  @Get()
  async list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { timeout_ms } = queryOf(queries.timed, request);
    const indexes = await this.#indexes.list(collectionNameOf(request), contextOf(request, timeout_ms));
    sendJson(reply, 200, { payload_indexes: indexes });
  }

  @Put(':key')
  async put(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    const key = payloadKeyOf(request);
    const { type } = parse(PayloadIndexBody, request.body);
    await this.#indexes.put(collectionNameOf(request), { key, type });
    sendJson(reply, 200, { key, type });
  }

  @Delete(':key')
  async delete(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    refuseBody(request);
    const key = payloadKeyOf(request);
    await this.#indexes.delete(collectionNameOf(request), key);
    sendJson(reply, 200, { key, status: 'deleted' });
  }
}
