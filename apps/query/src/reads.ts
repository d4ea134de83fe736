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
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { z } from 'zod';
import type { Demand, Demands } from './demands.ts';
import { inOrderOf, mergeHits, mergePages, mergeWarnings } from './merge.ts';
import type { QueryMetrics, Read } from './query-metrics.ts';
import type { ReplicaTable } from './replica-table.ts';
import { Routing } from './routing.ts';
import { ShardCalls } from './shard-calls.ts';
import type { StageClock } from './stage-clock.ts';

export type Input<P extends Procedure<z.ZodType, unknown>> = z.output<P['input']>;

type Parts = {
  readonly bus: Bus;
  readonly table: ReplicaTable;
  readonly catalog: Catalog;
  readonly demands: Demands;
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
    const { searches } = input;
    const plan = await this.#plan('search', input, { context, clock });
    const answers = await this.#askAll(plan, (shard, options) =>
      this.#parts.bus.call(shardSearch, { ...shard, searches }, options),
    );
    clock.shards(answers.map(({ stages }) => stages));
    const sequences = answers.map(({ sequence }) => sequence);
    const [first] = answers;
    const { stages } = clock;
    if (first !== undefined && answers.length === 1) return { sequences, results: first.results, stages };
    const results = searches.map(({ k }, i) =>
      mergeHits(
        answers.flatMap((answer) => answer.results[i] ?? []),
        k,
      ),
    );
    clock.end('merge');
    return { sequences, results, stages };
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

  async #plan(kind: Read, demand: Demand, call: Pick<Plan, 'context' | 'clock'>): Promise<Plan> {
    const record = await knownCollection(this.#parts.catalog, demand.uid, call.context);
    call.clock.end('plan');
    return { kind, record, demand, ...call };
  }

  async #askAll<Answer>(plan: Plan, call: AskReplica<Answer>): Promise<Answer[]> {
    const answers = await Promise.all(plan.record.placement.map((_, shard) => this.#ask(plan, shard, call)));
    plan.clock.end('shards');
    return answers;
  }

  async #ask<Answer>(plan: Plan, shard: number, call: AskReplica<Answer>): Promise<Answer> {
    const { kind, record, demand, context } = plan;
    const { demands } = this.#parts;
    const needed = demands.known(demand, shard) ?? (await demands.newest(record.uid, shard, context));
    const asked = { uid: record.uid, shard, min_sequence: needed };
    return this.#calls[kind].ask({
      record,
      shard,
      needed,
      context,
      call: (node, timely) => call(asked, { context: timely, instance: node }),
    });
  }
}

/** Throws `collection_not_found`. */
export async function knownCollection(
  catalog: Catalog,
  uid: CollectionUid,
  context: CallContext,
): Promise<CollectionRecord> {
  const record = await catalog.hear(uid, context.deadline);
  if (record !== undefined) return record;
  throw new Failure('collection_not_found', `collection ${uid} does not exist`, { details: { uid } });
}
