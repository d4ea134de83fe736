import { Controller, Inject, Post, Put, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Edge } from '../edge.ts';
import { queryOf } from '../requests.ts';
import { later, sendToken } from '../sessions.ts';
import { sendResult } from './answers.ts';
import { ApplyUpdates, type Applied } from './apply-updates.ts';
import { qdrantQueries, type QdrantWriteQuery } from './requests.ts';
import { updateOf, updatesOf, type Update, type UpdateName } from './updates.ts';

/** Everything that changes points, as Qdrant's clients ask for it. */
@Controller('qdrant/collections/:collection/points')
export class QdrantPointsController {
  readonly #edge: Edge;
  readonly #updates: ApplyUpdates;

  constructor(@Inject(Edge) edge: Edge, @Inject(ApplyUpdates) updates: ApplyUpdates) {
    this.#edge = edge;
    this.#updates = updates;
  }

  @Put()
  async upsert(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#one('upsert', request, reply);
  }

  @Post('delete')
  async delete(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#one('delete', request, reply);
  }

  @Put('vectors')
  async updateVectors(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#one('update_vectors', request, reply);
  }

  @Post('payload')
  async setPayload(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#one('set_payload', request, reply);
  }

  @Put('payload')
  async overwritePayload(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#one('overwrite_payload', request, reply);
  }

  @Post('payload/delete')
  async deletePayload(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#one('delete_payload', request, reply);
  }

  @Post('payload/clear')
  async clearPayload(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#one('clear_payload', request, reply);
  }

  @Post('batch')
  async batch(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const query = queryOf(qdrantQueries.write, request);
    const applied = await this.#apply(updatesOf(request.body), query, { request, reply });
    sendResult(
      reply,
      applied.map((each) => resultOf(each, query)),
    );
  }

  async #one(name: UpdateName, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const query = queryOf(qdrantQueries.write, request);
    const [applied] = await this.#apply([updateOf(name, request.body)], query, { request, reply });
    sendResult(reply, resultOf(applied, query));
  }

  async #apply(
    updates: readonly Update[],
    { wait, timeout }: QdrantWriteQuery,
    exchange: Exchange,
  ): Promise<Applied[]> {
    const { request, reply } = exchange;
    const call = await this.#edge.write(request, { wait: wait ? 'applied' : 'logged', timeout_ms: timeout });
    const applied = await this.#updates.apply(updates, call);
    reply.header('idempotency-key', call.requestId);
    const { uid } = applied.at(-1) ?? call.collection;
    const seen = applied.filter((each) => each.uid === uid).map(({ sequences }) => sequences);
    sendToken(
      reply,
      uid,
      seen.reduce((all, sequences) => later(all, sequences), uid === call.collection.uid ? (call.seen ?? []) : []),
    );
    return applied;
  }
}

type Exchange = { readonly request: FastifyRequest; readonly reply: FastifyReply };

/** The number of an operation is the highest sequence that it has in a log. */
function resultOf(applied: Applied | undefined, { wait }: QdrantWriteQuery): object {
  return { operation_id: Math.max(0, ...(applied?.sequences ?? [])), status: wait ? 'completed' : 'acknowledged' };
}
