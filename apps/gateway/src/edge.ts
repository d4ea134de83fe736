import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Sequences } from '@vectorizer/contracts';
import type { Collections } from './collections/collections.ts';
import type { ReadCall } from './points/reads.ts';
import type { WriteCall } from './points/writes.ts';
import { collectionNameOf, contextOf, queries, queryOf, requestIdOf } from './requests.ts';
import { later, sendToken, tokenOf, type Asked, type Sessions } from './sessions.ts';

export type ReadOptions = Asked & { readonly timeout_ms?: number | undefined };
/** Turns what surrounds a body (path, query, headers) into calls, the same way for every route. */
export class Edge {
  readonly #collections: Collections;
  readonly #sessions: Sessions;

  constructor(collections: Collections, sessions: Sessions) {
    this.#collections = collections;
    this.#sessions = sessions;
  }

  async read(request: FastifyRequest, { timeout_ms, ...asked }: ReadOptions): Promise<ReadCall> {
    const collection = await this.#collections.get(collectionNameOf(request));
    const token = tokenOf(request, collection);
    const demand = this.#sessions.demand(collection, token, asked);
    return { collection, demand, token, context: contextOf(request, timeout_ms) };
  }

  async write(
    request: FastifyRequest,
    query: z.output<typeof queries.write> = queryOf(queries.write, request),
  ): Promise<WriteCall> {
    const collection = await this.#collections.get(collectionNameOf(request));
    const seen = tokenOf(request, collection);
    const requestId = requestIdOf(request);
    return { collection, wait: query.wait, requestId, seen, context: contextOf(request, query.timeout_ms) };
  }

  /** The token of an answered read: what it saw, and what the client had seen. */
  sendSeen(reply: FastifyReply, { collection, token }: ReadCall, seen: Sequences): void {
    sendToken(reply, collection.uid, later(token, seen));
  }
}
