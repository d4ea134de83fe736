import type { Catalog } from '@vectorizer/cluster';
import {
  shardCount,
  shardOf,
  shardRead,
  shardScroll,
  shardSearch,
  type Bus,
  type CallContext,
  type CollectionRecord,
  type CollectionUid,
  type count,
  type CountAnswer,
  type PointsAnswer,
  type Procedure,
  type read,
  type scroll,
  type ScrollAnswer,
  type search,
  type SearchAnswer,
  type SearchSpec,
  type Sequences,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { z } from 'zod';
import type { Demand, Demands } from './demands.ts';
import type { Searched } from './cache/cacheable-call.ts';
import type { SearchCache } from './cache/search-cache.ts';
import { inOrderOf, mergeHits, mergePages, mergeWarnings } from './merge.ts';
import type { QueryMetrics, Read } from './query-metrics.ts';
import type { ReplicaTable } from './replica-table.ts';
import { Routing } from './routing.ts';
import { ShardCalls } from './shard-calls.ts';
import type { StageClock } from './stage-clock.ts';
import { unlessAhead } from './unless-ahead.ts';

export type Input<P extends Procedure<z.ZodType, unknown>> = z.output<P['input']>;

type Parts = {
  readonly bus: Bus;
  readonly table: ReplicaTable;
  readonly catalog: Catalog;
  readonly demands: Demands;
  readonly cache: SearchCache;
  readonly metrics: QueryMetrics;
  readonly now: () => number;
  readonly disconnectedAfterMs: number;
};

/** A read on its way to the shards. */
type Plan = {
  readonly kind: Read;
  readonly record: CollectionRecord;
  readonly demand: Demand;
  readonly context: CallContext;
  readonly clock: StageClock;
};
/** What is known of the states of all shards before any is asked. */
type States = { readonly demanded: Sequences; readonly newest: Sequences | undefined };
type AskReplica<Answer> = (
  shard: { readonly uid: Demand['uid']; readonly shard: number; readonly min_sequence: number },
  options: Parameters<Bus['call']>[2],
) => Promise<Answer>;

/** The four reads of a collection, each over its shards. */
export class Reads {
  readonly #parts: Parts;
  /** Apart, since each kind of read has its own usual latency. */
  readonly #calls: Readonly<Record<Read, ShardCalls>>;

  constructor(parts: Parts) {
    this.#parts = parts;
    const shared = { ...parts, routing: new Routing(parts) };
    const calls = (): ShardCalls => new ShardCalls(shared);
    this.#calls = { search: calls(), read: calls(), scroll: calls(), count: calls() };
  }

  async search(input: Input<typeof search>, context: CallContext, clock: StageClock): Promise<SearchAnswer> {
    const { searches, bypass_cache: bypass = false, max_staleness_ms: maxStalenessMs } = input;
    const plan = await this.#plan('search', input, { context, clock });
    const states = await this.#states(plan);
    const compute = (some: readonly SearchSpec[]): Promise<Searched> => this.#searchReplicas(plan, states, some);
    const looked = (): void => clock.end('cache');
    const doubtedUntil = this.#parts.table.doubtedUntil(input.uid);
    const asked = { record: plan.record, searches, ...states, maxStalenessMs, doubtedUntil, bypass, context };
    const answer = await this.#parts.cache.answer({ ...asked, looked, compute });
    // What another call is computing is waited for there as well.
    if (clock.stages.shards === undefined) looked();
    return { ...answer, stages: clock.stages };
  }

  async #searchReplicas(plan: Plan, states: States, specs: readonly SearchSpec[]): Promise<Searched> {
    const { clock, record } = plan;
    const searches = [...specs];
    const answers = await Promise.all(
      record.placement.map((_, shard) =>
        this.#askAt(plan, { shard, needed: states.demanded[shard] ?? 0 }, (asked, options) =>
          this.#parts.bus.call(shardSearch, { ...asked, searches }, options),
        ),
      ),
    );
    clock.end('shards');
    clock.shards(answers.map(({ stages }) => stages));
    const searched = searches.map(({ k }, i) => {
      const results = answers.flatMap((answer) => answer.results[i] ?? []);
      const [only] = results;
      return {
        sequences: answers.map(({ sequence, reflected }) => reflected?.[i] ?? sequence),
        result: results.length === 1 && only !== undefined ? only : mergeHits(results, k),
      };
    });
    if (answers.length > 1) clock.end('merge');
    return searched;
  }

  /** An id that is asked for twice is answered once, in its first place. Shards without an id are not asked: sequence 0. */
  async read(input: Input<typeof read>, context: CallContext, clock: StageClock): Promise<PointsAnswer> {
    const plan = await this.#plan('read', input, { context, clock });
    const { with_payload, with_vector } = input;
    const ids = [...new Set(input.ids)];
    const shards = plan.record.placement.length;
    const byShard = Map.groupBy(ids, (id) => shardOf(id, shards));
    const sequences = plan.record.placement.map(() => 0);
    const answers = await Promise.all(
      Array.from(byShard, async ([shard, idsOfShard]) => {
        const answer = await this.#ask(plan, shard, (asked, options) =>
          this.#parts.bus.call(shardRead, { ...asked, ids: idsOfShard, with_payload, with_vector }, options),
        );
        sequences[shard] = answer.sequence;
        return answer.points;
      }),
    );
    clock.end('shards');
    return { sequences, points: inOrderOf(ids, answers.flat()) };
  }

  async scroll(input: Input<typeof scroll>, context: CallContext, clock: StageClock): Promise<ScrollAnswer> {
    const plan = await this.#plan('scroll', input, { context, clock });
    const { after, limit, filter, with_payload, with_vector } = input;
    const spec = { after, limit, filter, with_payload, with_vector };
    const answers = await this.#askAll(plan, (shard, options) =>
      this.#parts.bus.call(shardScroll, { ...shard, ...spec }, options),
    );
    const { points, more } = mergePages(answers, limit);
    const last = points.at(-1);
    return {
      sequences: answers.map(({ sequence }) => sequence),
      points,
      warnings: mergeWarnings(answers),
      ...(more && last !== undefined ? { next: last.id } : {}),
    };
  }

  async count(input: Input<typeof count>, context: CallContext, clock: StageClock): Promise<CountAnswer> {
    const { filter } = input;
    const plan = await this.#plan('count', input, { context, clock });
    const answers = await this.#askAll(plan, (shard, options) =>
      this.#parts.bus.call(shardCount, { ...shard, filter }, options),
    );
    return {
      sequences: answers.map(({ sequence }) => sequence),
      count: answers.reduce((sum, answer) => sum + answer.count, 0),
      warnings: mergeWarnings(answers),
    };
  }

  /**
   * What a search must reflect, and the newest state that one can reflect as far as this process knows. What the log
   * demands is as new as there was a need for.
   */
  async #states({ record, demand, context }: Plan): Promise<States> {
    const { demands, table, now } = this.#parts;
    const shards = record.placement.length;
    const demanding = demands.ofAll(demand, shards, context);
    const demanded = demanding instanceof Promise ? await demanding : demanding;
    if (demand.consistency === 'strong' || demand.consistency === 'bounded') return { demanded, newest: demanded };
    const nowMs = now();
    const newest: number[] = [];
    for (let shard = 0; shard < shards; shard++) {
      const known = table.newest(record.uid, shard, nowMs);
      if (known === undefined) return { demanded, newest: undefined };
      newest.push(Math.max(known, demanded[shard] ?? 0));
    }
    return { demanded, newest };
  }

  async #plan(kind: Read, demand: Demand, call: Pick<Plan, 'context' | 'clock'>): Promise<Plan> {
    const record = await knownCollection(this.#parts.catalog, demand.uid);
    call.clock.end('plan');
    return { kind, record, demand, ...call };
  }

  async #askAll<Answer extends Reflecting>(plan: Plan, call: AskReplica<Answer>): Promise<Answer[]> {
    const answers = await Promise.all(plan.record.placement.map((_, shard) => this.#ask(plan, shard, call)));
    plan.clock.end('shards');
    return answers;
  }

  async #ask<Answer extends Reflecting>(plan: Plan, shard: number, call: AskReplica<Answer>): Promise<Answer> {
    const demanded = this.#parts.demands.of(plan.demand, shard, plan.context);
    const needed = typeof demanded === 'number' ? demanded : await demanded;
    return this.#askAt(plan, { shard, needed }, call);
  }

  async #askAt<Answer extends Reflecting>(
    plan: Plan,
    { shard, needed }: { readonly shard: number; readonly needed: number },
    call: AskReplica<Answer>,
  ): Promise<Answer> {
    const { kind, record, demand, context } = plan;
    const { table, now, demands } = this.#parts;
    const known = table.newest(record.uid, shard, now()) ?? 0;
    const answering = this.#calls[kind].ask({
      record,
      shard,
      needed,
      preferred: Math.max(needed, known),
      context,
      call: (node, timely) =>
        call({ uid: record.uid, shard, min_sequence: needed }, { context: timely, instance: node }),
    });
    // Of what is demanded, what the token names: the rest is what a log has said to hold.
    const named = demand.seen?.[shard] ?? 0;
    if (named <= known) return answering;
    return unlessAhead(answering, { shard, needed: named, endOf: () => demands.endOf(record.uid, shard, context) });
  }
}

/** Every replica's answer says which state it is of. */
type Reflecting = { readonly sequence: number };

/** Throws `collection_not_found`. */
export async function knownCollection(catalog: Catalog, uid: CollectionUid): Promise<CollectionRecord> {
  const record = await catalog.hear(uid);
  if (record !== undefined) return record;
  throw new Failure('collection_not_found', `collection ${uid} does not exist`, { details: { uid } });
}
