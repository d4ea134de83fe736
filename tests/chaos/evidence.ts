import { shardOf } from '@vectorizer/contracts';
import { callsOf, type Calls, type FaultEvent, type HistoryEvent, type WriteCall } from './history.ts';
import type { ShardLog } from './logged.ts';
import { Replay } from './replay.ts';

/** All that a run left behind, once everything was healed and quiet. */
export type Evidence = {
  readonly history: readonly HistoryEvent[];
  /** By shard. */
  readonly logs: readonly ShardLog[];
  readonly replicas: readonly ReplicaEnd[];
};

/** What one replica said of itself at the end. */
export type ReplicaEnd = {
  readonly node: string;
  readonly shard: number;
  readonly applied_sequence: number;
  readonly points: number;
  readonly state_hash: string;
  readonly chain: string;
};

/** Something that must not be. `calls` are those that show it. */
export type Violation = { readonly rule: string; readonly message: string; readonly calls: readonly number[] };

/** The part of a request that belongs to one shard: its operations, and their places in the request. */
export type Part = { readonly shard: number; readonly places: readonly number[] };

/** The evidence, worked out once for all rules. */
export class Case {
  readonly calls: Calls;
  readonly faults: readonly FaultEvent[];
  readonly replays: readonly Replay[];
  readonly replicas: readonly ReplicaEnd[];
  readonly logs: readonly ShardLog[];
  /** The attempts of each key, in order. */
  readonly attempts: ReadonlyMap<string, readonly WriteCall[]>;

  constructor({ history, logs, replicas }: Evidence) {
    this.calls = callsOf(history);
    this.faults = history.filter((event) => event.type === 'fault');
    this.logs = logs;
    this.replays = logs.map((log) => new Replay(log));
    this.replicas = replicas;
    this.attempts = Map.groupBy(this.calls.writes, ({ request }) => request.key);
  }

  shardOf(id: string): number {
    return shardOf(id, this.logs.length);
  }

  replayOf(shard: number): Replay {
    const replay = this.replays[shard];
    if (replay === undefined) throw new Error(`there is no shard ${shard}`);
    return replay;
  }

  partsOf({ request }: WriteCall): readonly Part[] {
    const byShard = Map.groupBy(request.ops.keys(), (place) => this.shardOf(request.ops[place]?.id ?? ''));
    return Array.from(byShard, ([shard, places]) => ({ shard, places }));
  }
}
