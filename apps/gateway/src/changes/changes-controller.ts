import { Controller, Get, Inject, Post, Req, Res } from '@nestjs/common';
import { ChangesBody, Filter, Near, PointId } from '@vectorizer/contracts';
import { checkVector, invalidField, parse } from '@vectorizer/frame';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { Collections } from '../collections/collections.ts';
import { checkFilter } from '../points/check-filter.ts';
import { sendEvents, sendHeadOnly } from '../event-stream.ts';
import { collectionNameOf, queries, queryOf } from '../requests.ts';
import { ChangeFeed } from './change-feed.ts';
import { among } from './followed-points.ts';
import { nearnessOf } from './standing-query.ts';

/** With a position of the most shards and the longest id. */
const POSITION_CHARACTERS_MAX = 4_096;

@Controller('api/v1/collections/:collection/changes')
export class ChangesController {
  readonly #collections: Collections;
  readonly #feed: ChangeFeed;

  constructor(@Inject(Collections) collections: Collections, @Inject(ChangeFeed) feed: ChangeFeed) {
    this.#collections = collections;
    this.#feed = feed;
  }

  /** Server-sent events, from where `from` says; or after `Last-Event-ID`, which browsers send. */
  @Get()
  async changes(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { filter, near, ...fields } = queryOf(queries.changes, request);
    await this.#send(request, reply, {
      ...fields,
      filter: filter === undefined ? undefined : parse(Filter, jsonIn(filter, 'filter'), 'filter'),
      near: near === undefined ? undefined : parse(Near, jsonIn(near, 'near'), 'near'),
    });
  }

  /** The same for what is too long for a query, such as a vector. */
  @Post()
  async changesOf(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    await this.#send(request, reply, parse(ChangesBody, request.body));
  }

  async #send(request: FastifyRequest, reply: FastifyReply, asked: z.output<typeof ChangesBody>): Promise<void> {
    const { from: given, filter, near, ...fields } = asked;
    const from = lastEventIdOf(request) ?? given;
    if (from.length > POSITION_CHARACTERS_MAX) throw invalidField('from', 'too long');
    // It is asked of some points at a time, which takes one condition more.
    if (filter !== undefined) parse(Filter, among(filter, [PointId.parse('any')]), 'filter');
    const collection = await this.#collections.get(collectionNameOf(request));
    checkFilter(filter, collection.payload_indexes);
    if (near !== undefined) checkVector(near.vector, collection.config, 'near.vector');
    const nearness = near && nearnessOf(near, collection.config.metric);
    const start = await this.#feed.startAt(from, collection, nearness !== undefined);
    if (sendHeadOnly(reply)) return;
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const events = this.#feed.open({
      wanted: { uid: collection.uid, filter, ...fields },
      ...(nearness && { nearness }),
      start,
      correlationId: request.id,
      signal: gone.signal,
      cutOff: () => reply.raw.destroy(),
    });
    // One text is held: each may be as large as an entry.
    sendEvents(reply.code(200), events, 1);
  }
}

function lastEventIdOf(request: FastifyRequest): string | undefined {
  const header = request.headers['last-event-id'];
  if (header === undefined || header === '') return undefined;
  if (Array.isArray(header)) throw invalidField('Last-Event-ID', 'expected one');
  return header;
}

function jsonIn(text: string, field: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidField(field, 'expected JSON');
  }
}
