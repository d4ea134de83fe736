import { Controller, Get, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isRoutable, type ReplicaView, type ReplicationEvent } from '@vectorizer/contracts';
import { invalidField, maySee, parse } from '@vectorizer/frame';
import { z } from 'zod';
import { sendJson } from '../answers.ts';
import { sendEvents, sendHeadOnly } from '../event-stream.ts';
import { contextOf, parameter, queries, queryOf, refuseBody } from '../requests.ts';
import { EventFeed } from './event-feed.ts';
import { Replication } from './replication.ts';

/** A replica's id has slashes; they may be percent-encoded or stand in the path as they are. */
const REPLICA = ['replicas/:id', 'replicas/:node/:collection/:shard'];
const RESYNC = REPLICA.map((path) => `${path}/resync`);

const Number15 = z.string().regex(/^\d{1,15}$/, 'expected the number of an event');

@Controller('api/v1/replication')
export class ReplicationController {
  readonly #replication: Replication;
  readonly #feed: EventFeed;

  constructor(@Inject(Replication) replication: Replication, @Inject(EventFeed) feed: EventFeed) {
    this.#replication = replication;
    this.#feed = feed;
  }

  @Get('status')
  async status(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { timeout_ms } = queryOf(queries.timed, request);
    const status = await this.#replication.status(contextOf(request, timeout_ms));
    sendJson(reply, 200, { ...status, replicas: visible(request, status.replicas) });
  }

  @Get('stats')
  async stats(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { timeout_ms } = queryOf(queries.timed, request);
    const { stats } = await this.#replication.status(contextOf(request, timeout_ms));
    sendJson(reply, 200, stats);
  }

  /** All that are known, or with `routable=true` those that may be read from. */
  @Get('replicas')
  async replicas(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { timeout_ms, routable } = queryOf(queries.replicas, request);
    const status = await this.#replication.status(contextOf(request, timeout_ms));
    const all = visible(request, status.replicas);
    const replicas = routable === undefined ? all : all.filter((each) => isRoutable(each) === routable);
    sendJson(reply, 200, { replicas, count: replicas.length });
  }

  @Get(REPLICA)
  async replica(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { timeout_ms } = queryOf(queries.timed, request);
    sendJson(reply, 200, await this.#replication.replica(replicaIdOf(request), contextOf(request, timeout_ms)));
  }

  /** Builds a replica anew; answers when that has begun. */
  @Post(RESYNC)
  async resync(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { timeout_ms } = queryOf(queries.timed, request);
    refuseBody(request);
    const id = replicaIdOf(request);
    const { resync } = await this.#replication.resync(id, contextOf(request, timeout_ms));
    sendJson(reply, 202, { id, status: 'resyncing', ...(resync !== undefined && { resync }) });
  }

  @Get('proof')
  async proof(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { collection, timeout_ms } = queryOf(queries.proof, request);
    sendJson(reply, 200, await this.#replication.proof(collection, contextOf(request, timeout_ms)));
  }

  /** Server-sent events, from now on; or after `Last-Event-ID`, which browsers send, or `after`. */
  @Get('events')
  async events(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { after: given } = queryOf(queries.replicationEvents, request);
    const isWanted = ({ replica }: ReplicationEvent): boolean => {
      const collection = replica?.split('/')[1];
      return collection === undefined || maySee(request, collection);
    };
    const after = lastEventIdOf(request) ?? given;
    if (sendHeadOnly(reply)) return;
    sendEvents(reply, await this.#feed.open(after, contextOf(request), isWanted));
  }
}

/** Replicas of collections within the scope of who asks. */
export function visible(request: FastifyRequest, replicas: readonly ReplicaView[]): readonly ReplicaView[] {
  return replicas.filter(({ collection }) => maySee(request, collection));
}

function replicaIdOf(request: FastifyRequest): string {
  const id = parameter(request, 'id');
  if (typeof id === 'string') return id;
  return ['node', 'collection', 'shard'].map((name) => String(parameter(request, name))).join('/');
}

function lastEventIdOf(request: FastifyRequest): number | undefined {
  const header = request.headers['last-event-id'];
  if (header === undefined || header === '') return undefined;
  if (Array.isArray(header)) throw invalidField('Last-Event-ID', 'expected one');
  return Number(parse(Number15, header, 'Last-Event-ID'));
}
