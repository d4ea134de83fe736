import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { CollectionName, Sequences } from '@vectorizer/contracts';
import { invalidField } from '@vectorizer/frame';
import { authorshipOf } from './audit/authorship.ts';
import type { Collections } from './collections/collections.ts';
import { noteMatched } from './limits/matched.ts';
import type { ReadCall } from './points/reads.ts';
import type { WriteCall } from './points/writes.ts';
import { collectionNameOf, contextOf, queries, queryOf, requestIdOf } from './requests.ts';
import { later, sendToken, sendTokens, tokenOf, tokensOf, type Asked, type Sessions } from './sessions.ts';

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

  /** One call for each of the collections, which differ, in their order. */
  async readEach(
    request: FastifyRequest,
    names: readonly CollectionName[],
    { timeout_ms, ...asked }: ReadOptions,
  ): Promise<ReadCall[]> {
    const collections = await Promise.all(names.map(async (name) => this.#collections.get(name)));
    for (const [index, { uid, name }] of collections.entries()) {
      const first = collections.findIndex((other) => other.uid === uid);
      if (first < index) throw invalidField(`collections[${index}]`, `is ${name}, as is collections[${first}]`);
    }
    const tokens = tokensOf(request, collections);
    const context = contextOf(request, timeout_ms);
    return collections.map((collection) => {
      const token = tokens.get(collection.uid);
      return { collection, demand: this.#sessions.demand(collection, token, asked), token, context };
    });
  }

  async write(
    request: FastifyRequest,
    query: z.output<typeof queries.write> = queryOf(queries.write, request),
  ): Promise<WriteCall> {
    const collection = await this.#collections.get(collectionNameOf(request));
    const seen = tokenOf(request, collection);
    const requestId = requestIdOf(request);
    const by = authorshipOf(request);
    const matched = (points: number): void => noteMatched(request, points);
    const context = contextOf(request, query.timeout_ms);
    return { collection, wait: query.wait, requestId, by, matched, seen, context };
  }

  /** The token of an answered read: what it saw, and what the client had seen. */
  sendSeen(reply: FastifyReply, { collection, token }: ReadCall, seen: Sequences): void {
    sendToken(reply, collection.uid, later(token, seen));
  }

  sendSeenOfEach(
    reply: FastifyReply,
    answered: readonly { readonly call: ReadCall; readonly sequences: Sequences }[],
  ): void {
    const seen = answered.map(({ call: { collection, token }, sequences }) => ({
      uid: collection.uid,
      sequences: later(token, sequences),
    }));
    sendTokens(reply, seen);
  }
}
