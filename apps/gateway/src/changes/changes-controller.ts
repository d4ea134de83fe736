import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { Filter, PointId } from '@vectorizer/contracts';
import { invalidField, parse } from '@vectorizer/frame';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Collections } from '../collections/collections.ts';
import { checkFilter } from '../points/check-filter.ts';
import { sendEvents, sendHeadOnly } from '../event-stream.ts';
import { collectionNameOf, queries, queryOf } from '../requests.ts';
import { ChangeFeed } from './change-feed.ts';
import { among } from './followed-points.ts';

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
    const { from: given, filter: text, ...fields } = queryOf(queries.changes, request);
    const from = lastEventIdOf(request) ?? given;
    if (from.length > POSITION_CHARACTERS_MAX) throw invalidField('from', 'too long');
    const filter = text === undefined ? undefined : filterIn(text);
    const collection = await this.#collections.get(collectionNameOf(request));
    checkFilter(filter, collection.payload_indexes);
    const start = await this.#feed.startAt(from, collection);
    if (sendHeadOnly(reply)) return;
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const events = this.#feed.open({
      wanted: { uid: collection.uid, filter, ...fields },
      start,
      correlationId: request.id,
      signal: gone.signal,
      cutOff: () => reply.raw.destroy(),
    });
    // One text is held: each may be as large as an entry.
    sendEvents(reply, events, 1);
  }
}

function lastEventIdOf(request: FastifyRequest): string | undefined {
  const header = request.headers['last-event-id'];
  if (header === undefined || header === '') return undefined;
  if (Array.isArray(header)) throw invalidField('Last-Event-ID', 'expected one');
  return header;
}

function filterIn(text: string): Filter {
  const filter = parse(Filter, jsonIn(text), 'filter');
  // It is asked of some points at a time, which takes one condition more.
  parse(Filter, among(filter, [PointId.parse('any')]), 'filter');
  return filter;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidField('filter', 'expected JSON');
  }
}
