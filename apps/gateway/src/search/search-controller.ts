import { Controller, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SearchBatchBody, SearchBody } from '@vectorizer/contracts';
import { checkVector, parse } from '@vectorizer/frame';
import { Edge } from '../edge.ts';
import { checkFilter } from '../points/check-filter.ts';
import { Reads } from '../points/reads.ts';
import { RequestMetrics } from '../request-metrics.ts';
import { queries, queryOf, refusesCached } from '../requests.ts';
import { checkSettings } from './check-settings.ts';
import { searchBatchJson, searchJson } from './search-json.ts';
import { sendSearched } from './send-searched.ts';

@Controller('api/v1/collections/:collection/search')
export class SearchController {
  readonly #edge: Edge;
  readonly #reads: Reads;
  readonly #metrics: RequestMetrics;

  constructor(@Inject(Edge) edge: Edge, @Inject(Reads) reads: Reads, @Inject(RequestMetrics) metrics: RequestMetrics) {
    this.#edge = edge;
    this.#reads = reads;
    this.#metrics = metrics;
  }

  @Post()
  async one(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    const { consistency, max_lag_ms, max_staleness_ms, timeout_ms, ...spec } = parse(SearchBody, request.body);
    const call = await this.#edge.read(request, { consistency, max_lag_ms, max_staleness_ms, timeout_ms });
    checkVector(spec.vector, call.collection.config, 'vector');
    checkSettings(spec, call.collection.config);
    checkFilter(spec.filter, call.collection.payload_indexes);
    const use = { bypass_cache: refusesCached(request), max_staleness_ms };
    const { result, sequences, ...searched } = await this.#reads.searchOne(spec, { ...call, ...use });
    this.#metrics.found(call.collection, [result]);
    this.#edge.sendSeen(reply, call, sequences);
    sendSearched(reply, searched, searchJson(result));
  }

  @Post('batch')
  async batch(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    const { searches, ...asked } = parse(SearchBatchBody, request.body);
    const { max_staleness_ms } = asked;
    const call = await this.#edge.read(request, asked);
    for (const [index, { vector, filter, ...settings }] of searches.entries()) {
      checkVector(vector, call.collection.config, `searches[${index}].vector`);
      checkSettings(settings, call.collection.config, `searches[${index}].`);
      checkFilter(filter, call.collection.payload_indexes, `searches[${index}].filter`);
    }
    const use = { bypass_cache: refusesCached(request), max_staleness_ms };
    const { results, sequences, ...searched } = await this.#reads.search(searches, { ...call, ...use });
    this.#metrics.found(call.collection, results);
    this.#edge.sendSeen(reply, call, sequences);
    sendSearched(reply, searched, searchBatchJson(results));
  }
}
