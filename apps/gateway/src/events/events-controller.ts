import { Controller, Delete, Get, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendJson } from '../answers.ts';
import { Collections } from '../collections/collections.ts';
import { contextOf, eventSequenceOf, queries, queryOf, refuseBody } from '../requests.ts';
import { letterJson, letterSummary } from './letter-json.ts';
import { ProducerEvents } from './producer-events.ts';

/** The events of producers: what became of one, and those that were refused. */
@Controller('api/v1/events')
export class EventsController {
  readonly #events: ProducerEvents;
  readonly #collections: Collections;

  constructor(@Inject(ProducerEvents) events: ProducerEvents, @Inject(Collections) collections: Collections) {
    this.#events = events;
    this.#collections = collections;
  }

  @Get('dead-letters')
  async list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { after, limit } = queryOf(queries.deadLetters, request);
    const letters = await this.#events.list(after, limit);
    const next = letters.length === limit ? (letters.at(-1)?.sequence ?? null) : null;
    sendJson(reply, 200, { dead_letters: letters.map(letterSummary), next });
  }

  @Get('dead-letters/:sequence')
  async show(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    sendJson(reply, 200, letterJson(await this.#events.letter(eventSequenceOf(request))));
  }

  @Post('dead-letters/:sequence/retry')
  async retry(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    refuseBody(request);
    const sequence = eventSequenceOf(request);
    sendJson(reply, 202, { sequence, event_sequence: await this.#events.retry(sequence) });
  }

  @Delete('dead-letters/:sequence')
  async drop(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    refuseBody(request);
    const sequence = eventSequenceOf(request);
    await this.#events.drop(sequence);
    sendJson(reply, 200, { sequence, status: 'dropped' });
  }

  @Get(':sequence/token')
  async token(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { collection, timeout_ms } = queryOf(queries.operation, request);
    const sequence = eventSequenceOf(request);
    const record = await this.#collections.get(collection);
    const token = await this.#events.token(record, sequence, contextOf(request, timeout_ms).deadline);
    reply.header('x-vectorizer-token', token);
    sendJson(reply, 200, { sequence, collection: record.name, token });
  }
}
