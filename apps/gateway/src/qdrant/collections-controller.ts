import { Controller, Delete, Get, Inject, Patch, Put, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { newCollection } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { maySee, parse } from '@vectorizer/frame';
import { NewCollectionBody } from '../collections/collections-controller.ts';
import { Collections } from '../collections/collections.ts';
import { progressOf } from '../collections/payload-indexes.ts';
import { collectionNameOf, contextOf, queryOf, refuseBody } from '../requests.ts';
import { sendResult } from './answers.ts';
import { checkUpdate, creationOf } from './collection-bodies.ts';
import { collectionInfo } from './collection-info.ts';
import { qdrantQueries } from './requests.ts';

type Creation = ReturnType<typeof newCollection>;

@Controller('qdrant/collections')
export class QdrantCollectionsController {
  readonly #collections: Collections;
  readonly #creation: Creation;

  constructor(@Inject(Collections) collections: Collections, @Inject(NewCollectionBody) creation: Creation) {
    this.#collections = collections;
    this.#creation = creation;
  }

  @Get()
  list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    queryOf(qdrantQueries.none, request);
    const visible = this.#collections.list().filter(({ name }) => maySee(request, name));
    sendResult(reply, { collections: visible.map(({ name }) => ({ name })) });
  }

  @Get(':collection')
  async get(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(qdrantQueries.none, request);
    const view = await this.#collections.view(collectionNameOf(request), contextOf(request));
    const indexes = view.record.payload_indexes.map((index) => progressOf(index, view));
    sendResult(reply, collectionInfo(view, indexes));
  }

  @Get(':collection/exists')
  async exists(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(qdrantQueries.none, request);
    const record = await orAbsent(async () => this.#collections.get(collectionNameOf(request)));
    sendResult(reply, { exists: record !== undefined });
  }

  @Put(':collection')
  async create(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { timeout } = queryOf(qdrantQueries.timed, request);
    const body = parse(this.#creation, creationOf(collectionNameOf(request), request.body));
    await this.#collections.create(body, contextOf(request, timeout));
    sendResult(reply, true);
  }

  @Patch(':collection')
  async update(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(qdrantQueries.timed, request);
    checkUpdate(request.body, await this.#collections.get(collectionNameOf(request)));
    sendResult(reply, true);
  }

  /** Of what is not there it is answered that it was not. */
  @Delete(':collection')
  async drop(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(qdrantQueries.timed, request);
    refuseBody(request);
    const record = await orAbsent(async () => this.#collections.drop(collectionNameOf(request)));
    sendResult(reply, record !== undefined);
  }
}

async function orAbsent<Found>(find: () => Promise<Found>): Promise<Found | undefined> {
  try {
    return await find();
  } catch (cause) {
    if (Failure.from(cause).type === 'collection_not_found') return undefined;
    throw cause;
  }
}
