import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendJson } from '../answers.ts';
import { Collections } from '../collections/collections.ts';
import { contextOf, operationIdOf, queries, queryOf } from '../requests.ts';
import { Operations } from './operations.ts';

@Controller('api/v1/operations')
export class OperationsController {
  readonly #collections: Collections;
  readonly #operations: Operations;

  constructor(@Inject(Collections) collections: Collections, @Inject(Operations) operations: Operations) {
    this.#collections = collections;
    this.#operations = operations;
  }

  @Get(':id')
  async get(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { collection, timeout_ms } = queryOf(queries.operation, request);
    const id = operationIdOf(request);
    const record = await this.#collections.get(collection);
    const { status, entries } = await this.#operations.find(record, id, contextOf(request, timeout_ms));
    sendJson(reply, 200, { id, collection: record.name, status, entries });
  }
}
