import { Controller, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { parse } from '@vectorizer/frame';
import { Edge } from '../edge.ts';
import { Reads } from '../points/reads.ts';
import { RequestMetrics } from '../request-metrics.ts';
import { refusesCached } from '../requests.ts';
import { sendSearched } from '../search/send-searched.ts';
import { resultText, sendResultText } from './answers.ts';
import { Groups, type AskedGroups } from './groups.ts';
import { scoredJson } from './point-json.ts';
import { NOTHING, Queries, type Asked } from './queries.ts';
import {
  QueryBatch,
  QueryGroups,
  QueryPoints,
  RecommendBatch,
  RecommendGroups,
  RecommendPoints,
  SearchBatch,
  SearchGroups,
  SearchPoints,
} from './query-bodies.ts';
import { readOptionsOf } from './requests.ts';
import { signOf } from './search-settings.ts';
import { selectionOf } from './selections.ts';

/** Searches, as Qdrant's clients ask for them: in its older form, where hits are a list, and in its newer one, a query. */
@Controller('qdrant/collections/:collection/points')
export class QdrantSearchController {
  readonly #edge: Edge;
  readonly #queries: Queries;
  readonly #groups: Groups;
  readonly #metrics: RequestMetrics;

  constructor(@Inject(Edge) edge: Edge, @Inject(Reads) reads: Reads, @Inject(RequestMetrics) metrics: RequestMetrics) {
    this.#edge = edge;
    this.#queries = new Queries(reads);
    this.#groups = new Groups(this.#queries);
    this.#metrics = metrics;
  }

  @Post('search')
  async search(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const asked = bySearch(parse(SearchPoints, request.body));
    await this.#find([asked], { request, reply, told: first });
  }

  @Post('search/batch')
  async searchBatch(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { searches } = parse(SearchBatch, request.body);
    await this.#find(searches.map(bySearch), { request, reply, told: all });
  }

  @Post('recommend')
  async recommend(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const asked = byRecommend(parse(RecommendPoints, request.body));
    await this.#find([asked], { request, reply, told: first });
  }

  @Post('recommend/batch')
  async recommendBatch(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { searches } = parse(RecommendBatch, request.body);
    await this.#find(searches.map(byRecommend), { request, reply, told: all });
  }

  @Post('query')
  async query(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const asked = byQuery(parse(QueryPoints, request.body ?? {}));
    await this.#find([asked], { request, reply, told: (hits) => first(hits.map(asPoints)) });
  }

  @Post('query/batch')
  async queryBatch(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { searches } = parse(QueryBatch, request.body);
    await this.#find(searches.map(byQuery), { request, reply, told: (hits) => all(hits.map(asPoints)) });
  }

  @Post('search/groups')
  async searchGroups(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { vector, ...options } = parse(SearchGroups, request.body);
    await this.#group({ query: { nearest: { vector } }, options, field: 'vector' }, request, reply);
  }

  @Post('recommend/groups')
  async recommendGroups(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { positive, negative, strategy, ...options } = parse(RecommendGroups, request.body);
    await this.#group(
      { query: { recommend: { positive, negative, strategy } }, options, field: 'query' },
      request,
      reply,
    );
  }

  @Post('query/groups')
  async queryGroups(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { query, ...options } = parse(QueryGroups, request.body);
    await this.#group({ query, options, field: 'query' }, request, reply);
  }

  async #group(asked: AskedGroups, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const call = await this.#edge.read(request, readOptionsOf(request));
    const selection = selectionOf(asked.options, NOTHING);
    const { groups, sequences } = await this.#groups.of(asked, { ...call, bypass_cache: refusesCached(request) });
    this.#metrics.found(call.collection, groups);
    this.#edge.sendSeen(reply, call, sequences);
    const sign = signOf(call.collection.config.metric);
    const each = groups.map(
      ({ id, hits }) => `{"id":${JSON.stringify(id)},"hits":${scoredJson(hits, selection, sign)}}`,
    );
    sendResultText(reply, `{"groups":[${each.join(',')}]}`);
  }

  async #find(searches: readonly Asked[], { request, reply, told }: Exchange): Promise<void> {
    const call = await this.#edge.read(request, readOptionsOf(request));
    const use = { bypass_cache: refusesCached(request) };
    const { found, sequences, ...searched } = await this.#queries.answer(searches, { ...call, ...use });
    this.#metrics.found(call.collection, found);
    this.#edge.sendSeen(reply, call, sequences);
    const sign = signOf(call.collection.config.metric);
    const hits = found.map((each) => scoredJson(each.hits, each.selection, sign));
    sendSearched(reply, searched, resultText(reply, told(hits)));
  }
}

type Exchange = {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** The result, of the hits of each search; all of them JSON text. */
  readonly told: (hits: readonly string[]) => string;
};

const first = ([only = '[]']: readonly string[]): string => only;
const all = (each: readonly string[]): string => `[${each.join(',')}]`;
const asPoints = (hits: string): string => `{"points":${hits}}`;
const placeOf = (index: number | undefined): string => (index === undefined ? '' : `searches[${index}].`);

function bySearch({ vector, ...options }: z.output<typeof SearchPoints>, index?: number): Asked {
  return { query: { nearest: { vector } }, options, where: placeOf(index), field: 'vector' };
}

function byRecommend(body: z.output<typeof RecommendPoints>, index?: number): Asked {
  const { positive, negative, strategy, ...options } = body;
  return { query: { recommend: { positive, negative, strategy } }, options, where: placeOf(index), field: 'query' };
}

function byQuery({ query, ...options }: z.output<typeof QueryPoints>, index?: number): Asked {
  return { query, options, where: placeOf(index), field: 'query' };
}
