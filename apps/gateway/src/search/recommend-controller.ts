import { Controller, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { limits, RecommendBody } from '@vectorizer/contracts';
import { invalidField, parse } from '@vectorizer/frame';
import { Edge } from '../edge.ts';
import { checkFilter } from '../points/check-filter.ts';
import { Reads } from '../points/reads.ts';
import { RequestMetrics } from '../request-metrics.ts';
import { queries, queryOf, refusesCached } from '../requests.ts';
import { later } from '../sessions.ts';
import { checkSettings } from './check-settings.ts';
import { checkExamples, idsIn, targetOf, vectorsOf } from './examples.ts';
import { searchJson } from './search-json.ts';
import { sendSearched } from './send-searched.ts';

/** Searches by examples instead of by a vector. */
@Controller('api/v1/collections/:collection/search/recommend')
export class RecommendController {
  readonly #edge: Edge;
  readonly #reads: Reads;
  readonly #metrics: RequestMetrics;

  constructor(@Inject(Edge) edge: Edge, @Inject(Reads) reads: Reads, @Inject(RequestMetrics) metrics: RequestMetrics) {
    this.#edge = edge;
    this.#reads = reads;
    this.#metrics = metrics;
  }

  @Post()
  async recommend(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    const body = parse(RecommendBody, request.body);
    const { consistency, max_lag_ms, max_staleness_ms, timeout_ms, positive, negative, ...options } = body;
    const call = await this.#edge.read(request, { consistency, max_lag_ms, max_staleness_ms, timeout_ms });
    const { config, payload_indexes } = call.collection;
    const examples = { positive, negative };
    checkExamples(examples, config);
    checkSettings(options, config);
    checkFilter(options.filter, payload_indexes);
    const ids = idsIn(examples);
    // The examples themselves are found, too, and left out: so many more are asked for.
    const k = options.k + ids.length;
    if (k > limits.kMax) throw invalidField('k', `with the ids of the examples, must be at most ${limits.kMax}`);
    const read =
      ids.length === 0
        ? undefined
        : await this.#reads.points({ ids: [...ids], with_payload: false, with_vector: true }, call);
    const vector = targetOf(vectorsOf(examples, read?.points ?? []), config);
    const use = { bypass_cache: refusesCached(request), max_staleness_ms };
    const { result, sequences, ...searched } = await this.#reads.searchOne(
      { ...options, vector, k },
      { ...call, ...use },
    );
    const hits = result.hits.filter(({ id }) => !ids.includes(id)).slice(0, options.k);
    this.#metrics.found(call.collection, [{ ...result, hits }]);
    this.#edge.sendSeen(reply, call, later(read?.sequences, sequences));
    sendSearched(reply, searched, searchJson({ ...result, hits }));
  }
}
