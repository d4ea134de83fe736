import { Controller, Get, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AliasRecord } from '@vectorizer/contracts';
import { maySee, parse } from '@vectorizer/frame';
import { Collections } from '../collections/collections.ts';
import { collectionNameOf, queryOf } from '../requests.ts';
import { AliasActions, changeAliases } from './alias-actions.ts';
import { sendResult } from './answers.ts';
import { qdrantQueries } from './requests.ts';

@Controller('qdrant')
export class QdrantAliasesController {
  readonly #collections: Collections;

  constructor(@Inject(Collections) collections: Collections) {
    this.#collections = collections;
  }

  @Get('aliases')
  list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    queryOf(qdrantQueries.none, request);
    const visible = this.#collections.aliases.list().filter(({ collection }) => maySee(request, collection));
    sendResult(reply, { aliases: visible.map(shown) });
  }

  @Get('collections/:collection/aliases')
  async listOf(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(qdrantQueries.none, request);
    const { uid } = await this.#collections.get(collectionNameOf(request));
    sendResult(reply, { aliases: this.#collections.aliases.of(uid).map(shown) });
  }

  @Post('collections/aliases')
  async change(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(qdrantQueries.timed, request);
    await changeAliases(parse(AliasActions, request.body).actions, this.#collections);
    sendResult(reply, true);
  }
}

function shown({ alias, collection }: AliasRecord): object {
  return { alias_name: alias, collection_name: collection };
}
