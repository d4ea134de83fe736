import { Controller, Get, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { failureOf } from '@vectorizer/contracts';
import { invalidField, parse } from '@vectorizer/frame';
import { Edge } from '../edge.ts';
import { checkFilter } from '../points/check-filter.ts';
import { Reads } from '../points/reads.ts';
import { sendResult, sendResultText } from './answers.ts';
import { Facets } from './facets.ts';
import { filterOf } from './filters.ts';
import { OrderedPoints, type OrderedScroll } from './ordered-points.ts';
import { Pages } from './pages.ts';
import { idJson } from './point-ids.ts';
import { orderedJson, recordJson, recordsJson } from './point-json.ts';
import { CountPoints, Facet, GetPoints, ScrollPoints } from './read-bodies.ts';
import { qdrantIdOf, readOptionsOf } from './requests.ts';
import { selectionOf } from './selections.ts';

const ALL = { with_payload: true, with_vector: true };
const PAYLOAD = { with_payload: true, with_vector: false };

/** Reads of points that are no searches, as Qdrant's clients ask for them. */
@Controller('qdrant/collections/:collection')
export class QdrantReadsController {
  readonly #edge: Edge;
  readonly #reads: Reads;
  readonly #pages: Pages;
  readonly #facets: Facets;
  readonly #ordered: OrderedPoints;

  constructor(@Inject(Edge) edge: Edge, @Inject(Reads) reads: Reads) {
    this.#edge = edge;
    this.#reads = reads;
    this.#pages = new Pages(reads);
    this.#facets = new Facets(this.#pages);
    this.#ordered = new OrderedPoints(reads);
  }

  @Get('points/:id')
  async get(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const id = qdrantIdOf(request);
    const call = await this.#edge.read(request, readOptionsOf(request));
    const { points, sequences } = await this.#reads.points({ ids: [id], ...ALL }, call);
    this.#edge.sendSeen(reply, call, sequences);
    const [point] = points;
    if (point === undefined) throw failureOf({ status: 'not_found' }, id);
    sendResultText(reply, recordJson(point, ALL));
  }

  @Post('points')
  async getMany(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { ids, ...asked } = parse(GetPoints, request.body);
    const selection = selectionOf(asked, PAYLOAD);
    const call = await this.#edge.read(request, readOptionsOf(request));
    if (ids.length === 0) return sendResult(reply, []);
    const { with_payload, with_vector } = selection;
    const { points, sequences } = await this.#reads.points({ ids, with_payload, with_vector }, call);
    this.#edge.sendSeen(reply, call, sequences);
    sendResultText(reply, recordsJson(points, selection));
  }

  @Post('points/scroll')
  async scroll(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { offset, limit, filter: given, order_by: order, ...asked } = parse(ScrollPoints, request.body ?? {});
    const selection = selectionOf(asked, PAYLOAD);
    if (order !== undefined) {
      if (offset !== undefined) throw invalidField('offset', 'not with order_by: go on with its start_from');
      return this.#scrollOrdered({ order, limit, filter: given, selection }, request, reply);
    }
    const filter = filterOf(given);
    const call = await this.#edge.read(request, readOptionsOf(request));
    checkFilter(filter, call.collection.payload_indexes);
    const { points, next, sequences } = await this.#pages.page(offset, { filter, limit, selection }, call);
    this.#edge.sendSeen(reply, call, sequences);
    const nextJson = next === undefined ? 'null' : idJson(next);
    sendResultText(reply, `{"points":${recordsJson(points, selection)},"next_page_offset":${nextJson}}`);
  }

  async #scrollOrdered(asked: OrderedScroll, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const call = await this.#edge.read(request, readOptionsOf(request));
    const { points, sequences } = await this.#ordered.first(asked, call);
    this.#edge.sendSeen(reply, call, sequences);
    sendResultText(reply, `{"points":${orderedJson(points, asked.selection)},"next_page_offset":null}`);
  }

  @Post('points/count')
  async count(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const filter = filterOf(parse(CountPoints, request.body ?? {}).filter);
    const call = await this.#edge.read(request, readOptionsOf(request));
    checkFilter(filter, call.collection.payload_indexes);
    const { count, sequences } = await this.#reads.count({ filter }, call);
    this.#edge.sendSeen(reply, call, sequences);
    sendResult(reply, { count });
  }

  @Post('facet')
  async facet(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { key, limit, filter: given } = parse(Facet, request.body);
    const filter = filterOf(given);
    const call = await this.#edge.read(request, readOptionsOf(request));
    checkFilter(filter, call.collection.payload_indexes);
    const { hits, sequences } = await this.#facets.of({ key, filter, limit }, call);
    this.#edge.sendSeen(reply, call, sequences);
    sendResult(reply, { hits });
  }
}
