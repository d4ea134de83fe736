import type { z } from 'zod';
import {
  shardQuarantine,
  shardResync,
  type Bus,
  type NodeId,
  type Procedure,
  type Resync,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Log } from '@vectorizer/log';
import type { Logger } from '@vectorizer/telemetry';
import { differences, reasonOf, type Difference } from './differences.ts';
import { chainOfLog } from './log-chain.ts';
import type { News } from './news.ts';
import { idOf, Rebuilds } from './rebuilds.ts';
import type { KnownReplica, KnownShard } from './replica-registry.ts';
import { comparable, speaks } from './replica-views.ts';

/** Between two tries to rebuild one replica, also when it has diverged again. */
const AGAIN_MS_MIN = 30_000;
/** Replicas of the cluster that are being rebuilt at once because they were stopped; of a shard only one. */
const REBUILDS_MAX = 4;
const CALL_MS_MAX = 10_000;

export type QuarantineOptions = {
  readonly bus: Bus;
  readonly log: Log;
  readonly logger: Logger;
  readonly news: News;
  readonly monotonicMs: () => number;
};

/**
 * Stops replicas that differ, so that nobody reads them, and has those rebuilt whose state is wrong.
 *
 * A majority decides. Without one, the log decides between replicas that have applied other entries; of replicas that have
 * come to other states by the same entries all are stopped, and rebuilt one after the other: what replay comes to is the
 * state. A replica whose log was replaced or rolled back is not rebuilt: it may be the only true copy.
 */
export class Quarantine {
  readonly #options: QuarantineOptions;
  readonly #triedMs = new Map<string, number>();
  readonly #rebuilds: Rebuilds;

  constructor(options: QuarantineOptions) {
    this.#options = options;
    this.#rebuilds = new Rebuilds(options.monotonicMs);
  }

  /** `troubled`: those of all shards that have a replica which is not well. */
  async tend(troubled: readonly KnownShard[], all: readonly KnownShard[]): Promise<void> {
    if (troubled.length === 0) return;
    for (const shard of troubled) {
      const { record, shard: number } = shard;
      await this.#stopDiffering(shard).catch((error: unknown) =>
        this.#later(error, { uid: record.uid, shard: number }),
      );
    }
    await this.#rebuildStopped(troubled, all);
  }

  /** Whoever asks for it; answers when it has begun, with the id under which the replica tells of it. */
  async rebuild(shard: KnownShard, replica: KnownReplica, reason: string): Promise<{ resync?: Resync['id'] }> {
    const { news, monotonicMs } = this.#options;
    const id = idOf(shard, replica);
    this.#triedMs.set(id, monotonicMs());
    const begun = await this.#call(shardResync, { uid: shard.record.uid, shard: shard.shard }, replica.node);
    this.#rebuilds.begun(id);
    // All that it told before has been heard by now: its node answers on the same connection that it reports on.
    replica.states.forget();
    news.tell({ kind: 'resync', replica: id, reason });
    return begun;
  }

  async #stopDiffering(shard: KnownShard): Promise<void> {
    const tellers = comparable(shard, this.#options.monotonicMs());
    const found = differences(tellers);
    if (found.size === 0) return;
    for (const [node, { difference, by }] of await this.#settle(shard, tellers, found)) {
      const input = { uid: shard.record.uid, shard: shard.shard, reason: reasonOf(difference), by };
      await this.#call(shardQuarantine, input, node).catch((error: unknown) => this.#later(error, { ...input, node }));
    }
  }

  /** Whom to stop, and whether what it has is of any worth. */
  async #settle(
    shard: KnownShard,
    tellers: readonly KnownReplica[],
    found: ReadonlyMap<NodeId, Difference>,
  ): Promise<ReadonlyMap<NodeId, { readonly difference: Difference; readonly by: 'log' | 'state' }>> {
    const settled = new Map<NodeId, { difference: Difference; by: 'log' | 'state' }>();
    for (const [node, difference] of found) {
      if (difference.of === 'state' || !difference.tied) {
        settled.set(node, { difference, by: 'state' });
        continue;
      }
      const { sequence: at } = difference;
      const tied = tellers.filter((teller) => found.get(teller.node)?.sequence === at);
      const truth = await chainOfLog(this.#options.log, shard, { at, tellers: tied });
      const own = tied.find((teller) => teller.node === node)?.states.at(at)?.chain;
      if (truth === undefined) settled.set(node, { difference, by: 'log' });
      else if (own !== truth) settled.set(node, { difference, by: 'state' });
    }
    return settled;
  }

  async #rebuildStopped(troubled: readonly KnownShard[], all: readonly KnownShard[]): Promise<void> {
    const nowMs = this.#options.monotonicMs();
    for (const [id, triedMs] of this.#triedMs) if (nowMs - triedMs > AGAIN_MS_MIN) this.#triedMs.delete(id);
    this.#rebuilds.look(all);
    let free = REBUILDS_MAX - this.#rebuilds.among(all);
    for (const shard of troubled) {
      if (free <= 0) return;
      // One that cannot be rebuilt, or not now, keeps no other waiting.
      const next = shard.replicas.find(
        (replica) => isWrong(replica, nowMs) && !this.#triedMs.has(idOf(shard, replica)),
      );
      if (next === undefined || this.#rebuilds.among([shard]) > 0) continue;
      free -= 1;
      const reason = next.heard?.report.reason ?? 'it differs';
      await this.rebuild(shard, next, reason).catch((error: unknown) =>
        this.#later(error, { replica: idOf(shard, next) }),
      );
    }
  }

  async #call<I extends z.ZodType, O>(procedure: Procedure<I, O>, input: z.output<I>, instance: NodeId): Promise<O> {
    const context = { correlationId: 'replication-monitor', deadline: Date.now() + CALL_MS_MAX };
    return this.#options.bus.call(procedure, input, { context, instance });
  }

  #later(error: unknown, what: object): void {
    this.#options.logger.warn(
      { err: Failure.from(error), ...what },
      'a replica that differs could not be dealt with yet',
    );
  }
}

function isWrong({ heard }: KnownReplica, nowMs: number): boolean {
  return heard?.report.stopped_by === 'state' && speaks(heard, nowMs);
}
