import { Controller, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SearchManyBody } from '@vectorizer/contracts';
import { parse } from '@vectorizer/frame';
import { Edge } from '../edge.ts';
import { Reads } from '../points/reads.ts';
import { RequestMetrics } from '../request-metrics.ts';
import { queries, queryOf, refusesCached } from '../requests.ts';
import { cacheNoteOf, checkMany, mergeParts, ofCollection, slowestStages, type Part } from './many.ts';
import { searchManyJson } from './search-json.ts';
import { sendSearched } from './send-searched.ts';

/** One search of several collections: each is asked as by a search of its own, so that its part is as consistent, and as cached. */
@Controller('api/v1/search')
export class SearchManyController {
  readonly #edge: Edge;
  readonly #reads: Reads;
  readonly #metrics: RequestMetrics;

  constructor(@Inject(Edge) edge: Edge, @Inject(Reads) reads: Reads, @Inject(RequestMetrics) metrics: RequestMetrics) {
    this.#edge = edge;
    this.#reads = reads;
    this.#metrics = metrics;
  }

  @Post()
  async search(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    const { collections, ...body } = parse(SearchManyBody, request.body);
    const { consistency, max_lag_ms, max_staleness_ms, timeout_ms, ...spec } = body;
    const asked = { consistency, max_lag_ms, max_staleness_ms, timeout_ms };
    const calls = await this.#edge.readEach(request, collections, asked);
    const records = calls.map(({ collection }) => collection);
    checkMany(spec, records);
    const use = { bypass_cache: refusesCached(request), max_staleness_ms };
    const parts = await Promise.all(
      calls.map(async (call): Promise<Part> => {
        const answer = await ofCollection(call.collection, async () =>
          this.#reads.searchOne(spec, { ...call, ...use }),
        );
        return { ...answer, call };
      }),
    );
    for (const { call, result } of parts) this.#metrics.found(call.collection, [result]);
    this.#edge.sendSeenOfEach(reply, parts);
    const searched = { cache: cacheNoteOf(parts), stages: slowestStages(parts) };
    sendSearched(reply, searched, searchManyJson(mergeParts(parts, spec.k), parts));
  }
}
