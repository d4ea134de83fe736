import {
  count,
  read,
  scroll,
  search,
  type Bus,
  type CallContext,
  type CollectionRecord,
  type CollectionUid,
  type CountAnswer,
  type CountBody,
  type GetBody,
  type Procedure,
  type PointsAnswer,
  type ScrollAnswer,
  type ScrollBody,
  type SearchAnswer,
  type SearchResult,
  type SearchSpec,
  type Sequences,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { z } from 'zod';
import type { LogReach } from '../log-reach.ts';
import type { Demand, Sessions } from '../sessions.ts';

/** Everything about a read but what is read. */
export type ReadCall = {
  readonly collection: CollectionRecord;
  readonly demand: Demand;
  /** What the client had seen, if it said so. */
  readonly token: Sequences | undefined;
  readonly context: CallContext;
};

type Asked<Body extends z.ZodType> = Omit<z.output<Body>, 'consistency' | 'max_lag_ms' | 'timeout_ms'>;
/** How a search may be answered from the cache. */
export type CacheUse = { readonly bypass_cache: boolean; readonly max_staleness_ms?: number | undefined };

export type SearchedOne = Omit<SearchAnswer, 'results'> & { readonly result: SearchResult };

/** Reads through the query service, as parsed bodies ask for them. */
export class Reads {
  readonly #bus: Bus;
  readonly #sessions: Sessions;
  readonly #logs: LogReach;

  constructor(bus: Bus, sessions: Sessions, logs: LogReach) {
    this.#bus = bus;
    this.#sessions = sessions;
    this.#logs = logs;
  }

  async search(searches: SearchSpec[], call: ReadCall & CacheUse): Promise<SearchAnswer> {
    const { bypass_cache, max_staleness_ms } = call;
    const use = { ...(bypass_cache && { bypass_cache }), ...(max_staleness_ms !== undefined && { max_staleness_ms }) };
    return this.#call(search, { ...demandOf(call), ...use, searches }, call);
  }

  /** One search of one collection. */
  async searchOne(spec: SearchSpec, call: ReadCall & CacheUse): Promise<SearchedOne> {
    const { results, ...about } = await this.search([spec], call);
    const [result] = results;
    if (result === undefined) throw new Failure('internal_error', 'the query service answered no result');
    return { ...about, result };
  }

  async points(asked: Asked<typeof GetBody>, call: ReadCall): Promise<PointsAnswer> {
    return this.#call(read, { ...demandOf(call), ...asked }, call);
  }

  async scroll(asked: Asked<typeof ScrollBody>, call: ReadCall): Promise<ScrollAnswer> {
    return this.#call(scroll, { ...demandOf(call), ...asked }, call);
  }

  async count(asked: Asked<typeof CountBody>, call: ReadCall): Promise<CountAnswer> {
    return this.#call(count, { ...demandOf(call), ...asked }, call);
  }

  /** When the log lacks what a client's token names, that is the client's affair. What was acknowledged here, it must have. */
  async #call<I extends z.ZodType, O extends { readonly sequences: Sequences }>(
    procedure: Procedure<I, O>,
    input: z.output<I>,
    { collection, token, context }: ReadCall,
  ): Promise<O> {
    try {
      const answer = await this.#bus.call(procedure, input, { context });
      this.#logs.learn(collection.uid, answer.sequences);
      // A read waits for what its token names of the shards that it asks, unless it is content with less.
      await this.#logs.check(collection, token, context);
      return answer;
    } catch (cause) {
      const failure = Failure.from(cause);
      if (failure.type !== 'token_ahead' || isOfToken(failure, token)) throw failure;
      this.#sessions.forget(collection.uid);
      this.#logs.forget(collection.uid);
      throw new Failure('log_unavailable', 'the log has lost writes that were acknowledged', {
        cause: failure,
        details: failure.details,
      });
    }
  }
}

/** Whether the token names what the log lacks: a read demands besides what this gateway has acknowledged, to whomever. */
function isOfToken({ details: { shard, demanded } }: Failure, token: Sequences | undefined): boolean {
  if (token === undefined) return false;
  return typeof shard !== 'number' || typeof demanded !== 'number' || demanded <= (token[shard] ?? 0);
}

function demandOf({ collection, demand }: ReadCall): Demand & { readonly uid: CollectionUid } {
  return { uid: collection.uid, ...demand };
}
