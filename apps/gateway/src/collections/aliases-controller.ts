import { Controller, Delete, Get, Inject, Put, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AliasBody, type AliasRecord, type Answer } from '@vectorizer/contracts';
import { maySee, parse } from '@vectorizer/frame';
import { sendJson } from '../answers.ts';
import { aliasOf, queries, queryOf, refuseBody } from '../requests.ts';
import { Collections } from './collections.ts';

@Controller('api/v1/aliases')
export class AliasesController {
  readonly #collections: Collections;

  constructor(@Inject(Collections) collections: Collections) {
    this.#collections = collections;
  }

  @Get()
  list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    queryOf(queries.none, request);
    const visible = this.#collections.aliases.list().filter(({ collection }) => maySee(request, collection));
    sendJson(reply, 200, { aliases: visible.map(shown) });
  }

  @Get(':alias')
  async get(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    sendJson(reply, 200, shown(await this.#collections.aliases.get(aliasOf(request))));
  }

  @Put(':alias')
  async put(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    const alias = aliasOf(request);
    const target = await this.#collections.get(parse(AliasBody, request.body).collection);
    const { record, created } = await this.#collections.aliases.put(alias, target);
    sendJson(reply, created ? 201 : 200, shown(record));
  }

  @Delete(':alias')
  async delete(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    refuseBody(request);
    const { alias } = await this.#collections.aliases.delete(aliasOf(request));
    sendJson(reply, 200, { alias, status: 'deleted' });
  }
}

function shown({ alias, collection, uid, created_at }: AliasRecord): Answer<'Alias'> {
  return { alias, collection, uid, created_at };
}
