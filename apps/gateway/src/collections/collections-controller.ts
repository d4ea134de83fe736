import { Controller, Delete, Get, Inject, Patch, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CollectionChangeBody, type Answer, type CollectionRecord, type newCollection } from '@vectorizer/contracts';
import { maySee, parse } from '@vectorizer/frame';
import { sendJson } from '../answers.ts';
import { collectionNameOf, contextOf, queries, queryOf, refuseBody } from '../requests.ts';
import { Collections } from './collections.ts';

/** The schema of a creation, with the defaults of this gateway. */
export const NewCollectionBody = Symbol('NewCollectionBody');
type NewCollectionBody = ReturnType<typeof newCollection>;

@Controller('api/v1/collections')
export class CollectionsController {
  readonly #collections: Collections;
  readonly #body: NewCollectionBody;

  constructor(@Inject(Collections) collections: Collections, @Inject(NewCollectionBody) body: NewCollectionBody) {
    this.#collections = collections;
    this.#body = body;
  }

  @Get()
  list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    queryOf(queries.none, request);
    const visible = this.#collections.list().filter(({ name }) => maySee(request, name));
    sendJson(reply, 200, { collections: visible.map(shown) });
  }

  @Post()
  async create(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { timeout_ms } = queryOf(queries.timed, request);
    const body = parse(this.#body, request.body);
    const record = await this.#collections.create(body, contextOf(request, timeout_ms));
    reply.header('location', `/api/v1/collections/${record.name}`);
    sendJson(reply, 201, shown(record));
  }

  @Get(':collection')
  async get(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { timeout_ms } = queryOf(queries.timed, request);
    const view = await this.#collections.view(collectionNameOf(request), contextOf(request, timeout_ms));
    sendJson(reply, 200, { ...shown(view.record), points: view.points, shards: view.shards });
  }

  @Patch(':collection')
  async change(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    const body = parse(CollectionChangeBody, request.body);
    sendJson(reply, 200, shown(await this.#collections.change(collectionNameOf(request), body)));
  }

  @Delete(':collection')
  async drop(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    refuseBody(request);
    const record = await this.#collections.drop(collectionNameOf(request));
    sendJson(reply, 200, { name: record.name, uid: record.uid, status: 'deleted' });
  }
}

function shown({ name, uid, created_at, config, payload_indexes, cache }: CollectionRecord): Answer<'Collection'> {
  const { hnsw, ...others } = config;
  // Settings that have no effect are not shown as if they had.
  return {
    name,
    uid,
    created_at,
    config: config.kind === 'quantized' ? others : { ...others, hnsw },
    payload_indexes,
    cache,
  };
}
