import { Controller, Delete, Get, Inject, Patch, Post, Put, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  CountBody,
  DeleteBody,
  failureOf,
  GetBody,
  InsertBatchBody,
  MixedBatchBody,
  ScrollBody,
  UpdateBody,
  UpsertBatchBody,
} from '@vectorizer/contracts';
import { parse } from '@vectorizer/frame';
import { sendJson, sendText } from '../answers.ts';
import { Edge } from '../edge.ts';
import { pointIdOf, queries, queryOf, refuseBody } from '../requests.ts';
import { sendToken } from '../sessions.ts';
import { checkFilter } from './check-filter.ts';
import { deleteItems, insertItems, mixedItems, patchOperation, updateOperation, upsertItems } from './items.ts';
import { pointJson, pointsJson, warningsJson } from './point-json.ts';
import { Reads } from './reads.ts';
import { Writes, type SingleAnswer, type WriteCall } from './writes.ts';

/** A write that waited only for the log is accepted, not done. */
const statusOf = (call: WriteCall): number => (call.wait === 'logged' ? 202 : 200);

@Controller('api/v1/collections/:collection/vectors')
export class VectorsController {
  readonly #edge: Edge;
  readonly #writes: Writes;
  readonly #reads: Reads;

  constructor(@Inject(Edge) edge: Edge, @Inject(Writes) writes: Writes, @Inject(Reads) reads: Reads) {
    this.#edge = edge;
    this.#writes = writes;
    this.#reads = reads;
  }

  @Put()
  async upsert(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { points } = parse(UpsertBatchBody, request.body);
    const call = await this.#edge.write(request);
    sendBatch(reply, call, await this.#writes.batch(upsertItems(points, call.collection.config), call));
  }

  @Post()
  async insert(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { points } = parse(InsertBatchBody, request.body);
    const call = await this.#edge.write(request);
    sendBatch(reply, call, await this.#writes.batch(insertItems(points, call.collection.config), call));
  }

  @Post('batch')
  async mixed(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { operations } = parse(MixedBatchBody, request.body);
    const call = await this.#edge.write(request);
    sendBatch(reply, call, await this.#writes.batch(mixedItems(operations, call.collection.config), call));
  }

  @Post('delete')
  async deleteMany(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const body = parse(DeleteBody, request.body);
    const call = await this.#edge.write(request);
    if ('ids' in body) return sendBatch(reply, call, await this.#writes.batch(deleteItems(body.ids), call));
    checkFilter(body.filter, call.collection.payload_indexes);
    const written = await this.#writes.one({ kind: 'delete_by_filter', filter: body.filter }, call);
    const { outcome, sequences } = written;
    sendWritten(reply, call, written);
    const done = outcome === undefined ? { status: 'logged' } : { status: 'deleted', deleted: outcome.count ?? 0 };
    sendJson(reply, statusOf(call), { ...done, sequences });
  }

  @Post('get')
  async getMany(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    const { consistency, max_lag_ms, timeout_ms, ...asked } = parse(GetBody, request.body);
    const call = await this.#edge.read(request, { consistency, max_lag_ms, timeout_ms });
    const { points, sequences } = await this.#reads.points(asked, call);
    this.#edge.sendSeen(reply, call, sequences);
    const found = new Set<string>(points.map((point) => point.id));
    const missing = [...new Set(asked.ids)].filter((id) => !found.has(id));
    sendText(reply, 200, `{"points":${pointsJson(points)},"missing":${JSON.stringify(missing)}}`);
  }

  @Post('scroll')
  async scroll(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    const { consistency, max_lag_ms, timeout_ms, ...asked } = parse(ScrollBody, request.body ?? {});
    const call = await this.#edge.read(request, { consistency, max_lag_ms, timeout_ms });
    checkFilter(asked.filter, call.collection.payload_indexes);
    const { points, next, sequences, warnings } = await this.#reads.scroll(asked, call);
    this.#edge.sendSeen(reply, call, sequences);
    const nextJson = next === undefined ? 'null' : JSON.stringify(next);
    sendText(reply, 200, `{"points":${pointsJson(points)},"next":${nextJson}${warningsJson(warnings)}}`);
  }

  @Post('count')
  async count(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    const { consistency, max_lag_ms, timeout_ms, ...asked } = parse(CountBody, request.body ?? {});
    const call = await this.#edge.read(request, { consistency, max_lag_ms, timeout_ms });
    checkFilter(asked.filter, call.collection.payload_indexes);
    const { count, sequences, warnings } = await this.#reads.count(asked, call);
    this.#edge.sendSeen(reply, call, sequences);
    sendText(reply, 200, `{"count":${count}${warningsJson(warnings)}}`);
  }

  @Get(':id')
  async get(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { consistency, max_lag_ms, timeout_ms, ...fields } = queryOf(queries.read, request);
    const id = pointIdOf(request);
    const call = await this.#edge.read(request, { consistency, max_lag_ms, timeout_ms });
    const { points, sequences } = await this.#reads.points({ ids: [id], ...fields }, call);
    this.#edge.sendSeen(reply, call, sequences);
    const [point] = points;
    if (point === undefined) throw failureOf({ status: 'not_found' }, id);
    sendText(reply, 200, pointJson(point));
  }

  @Put(':id')
  async update(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const body = parse(UpdateBody, request.body);
    const id = pointIdOf(request);
    const call = await this.#edge.write(request);
    sendOne(reply, call, { id, ...(await this.#writes.one(updateOperation(id, body, call.collection.config), call)) });
  }

  @Patch(':id')
  async patch(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const id = pointIdOf(request);
    const operation = patchOperation(id, request.body);
    const call = await this.#edge.write(request);
    sendOne(reply, call, { id, ...(await this.#writes.one(operation, call)) });
  }

  @Delete(':id')
  async delete(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    refuseBody(request);
    const { if_version, ...query } = queryOf(queries.delete, request);
    const id = pointIdOf(request);
    const call = await this.#edge.write(request, query);
    const condition = if_version === undefined ? {} : { if_version };
    sendOne(reply, call, { id, ...(await this.#writes.one({ kind: 'delete', id, ...condition }, call)) });
  }
}

/** The key that the write can be repeated and asked about by, and what has been seen once it has been. */
function sendWritten(
  reply: FastifyReply,
  { requestId }: WriteCall,
  { collection, sequences }: Pick<SingleAnswer, 'collection' | 'sequences'>,
): void {
  reply.header('idempotency-key', requestId);
  sendToken(reply, collection.uid, sequences);
}

function sendBatch(reply: FastifyReply, call: WriteCall, written: Awaited<ReturnType<Writes['batch']>>): void {
  const { collection, answer } = written;
  sendWritten(reply, call, { collection, sequences: answer.sequences });
  sendJson(reply, statusOf(call), answer);
}

function sendOne(reply: FastifyReply, call: WriteCall, answer: SingleAnswer & { readonly id: string }): void {
  const { id, outcome, sequences } = answer;
  sendWritten(reply, call, answer);
  const version = outcome?.version === undefined ? {} : { version: outcome.version };
  sendJson(reply, statusOf(call), { id, status: outcome?.status ?? 'logged', ...version, sequences });
}
