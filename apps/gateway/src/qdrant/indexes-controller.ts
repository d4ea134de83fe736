import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Delete, Inject, Put, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PayloadIndex, type CallContext, type CollectionName } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { parse } from '@vectorizer/frame';
import { PayloadIndexes } from '../collections/payload-indexes.ts';
import { collectionNameOf, contextOf, payloadKeyOf, queryOf, refuseBody } from '../requests.ts';
import { sendResult } from './answers.ts';
import { FieldIndex } from './field-index-body.ts';
import { qdrantQueries } from './requests.ts';

/** An index is built within milliseconds of a small collection, and within seconds of a large one. */
const LOOK_MS = 50;

@Controller('qdrant/collections/:collection/index')
export class QdrantIndexesController {
  readonly #indexes: PayloadIndexes;

  constructor(@Inject(PayloadIndexes) indexes: PayloadIndexes) {
    this.#indexes = indexes;
  }

  @Put()
  async create(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { wait, timeout } = queryOf(qdrantQueries.write, request);
    const { field_name, field_schema: type } = parse(FieldIndex, request.body);
    const index = parse(PayloadIndex, { key: field_name.replaceAll('[]', ''), type });
    const name = collectionNameOf(request);
    await this.#indexes.put(name, index);
    const done = wait && (await this.#whenReady(name, index.key, contextOf(request, timeout)));
    sendResult(reply, resultOf(done));
  }

  /** One that there is not is gone already. */
  @Delete(':key')
  async delete(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { wait } = queryOf(qdrantQueries.write, request);
    refuseBody(request);
    try {
      await this.#indexes.delete(collectionNameOf(request), payloadKeyOf(request).replaceAll('[]', ''));
    } catch (cause) {
      if (Failure.from(cause).type !== 'not_found') throw cause;
    }
    sendResult(reply, resultOf(wait));
  }

  /** Whether it was by the deadline. */
  async #whenReady(name: CollectionName, key: string, context: CallContext): Promise<boolean> {
    for (;;) {
      const found = (await this.#indexes.list(name, context)).find((index) => index.key === key);
      // Somebody has dropped it meanwhile.
      if (found === undefined || found.state === 'ready') return true;
      if (Date.now() + LOOK_MS >= context.deadline) return false;
      await sleep(LOOK_MS);
    }
  }
}

/** An index has no place in the log. */
function resultOf(done: boolean): object {
  return { operation_id: 0, status: done ? 'completed' : 'acknowledged' };
}
