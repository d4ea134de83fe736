import type { Catalog } from '@vectorizer/cluster';
import {
  everyMsOf,
  type CollectionRecord,
  type CollectionUid,
  type Heartbeat,
  type NodeId,
  type ReplicaReport,
} from '@vectorizer/contracts';
import type { LagBasis, LogPosition } from './lag.ts';
import { ToldStates } from './told-states.ts';

export type Heard = {
  readonly report: ReplicaReport;
  readonly host: string;
  readonly port: number;
  readonly monotonicMs: number;
  readonly epochMs: number;
  /** How often its node speaks. */
  readonly everyMs: number;
};

/** A replica that should exist, and the last that was heard of it. */
export type KnownReplica = {
  readonly node: NodeId;
  readonly placedAtMs: number;
  readonly states: ToldStates;
  heard: Heard | undefined;
  basis: LagBasis | undefined;
};

/** One shard: its log as last seen, undefined before the first look, and its replicas. */
export type KnownShard = {
  readonly record: CollectionRecord;
  readonly shard: number;
  readonly replicas: readonly KnownReplica[];
  log: LogPosition | undefined;
};

/** Every replica that the catalog places, silent or not, with its last state. A dropped collection's are forgotten. */
export class ReplicaRegistry {
  readonly #collections = new Map<CollectionUid, readonly KnownShard[]>();
  readonly #monotonicMs: () => number;

  constructor(catalog: Catalog, monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
    for (const record of catalog.list()) this.#add(record);
    catalog.onChange(({ kind, record }) => {
      if (kind === 'created') this.#add(record);
      else if (kind === 'dropped') this.#collections.delete(record.uid);
      else this.#change(record);
    });
  }

  /** A report on a replica that is not placed, or not known yet, is left out; the next heartbeat has it again. */
  hear(beat: Heartbeat, at: { readonly monotonicMs: number; readonly epochMs: number }): void {
    const { host, port } = beat;
    const everyMs = everyMsOf(beat);
    for (const report of beat.replicas) {
      const shard = this.#collections.get(report.uid)?.[report.shard];
      const replica = shard?.replicas.find(({ node }) => node === report.node);
      if (replica === undefined) continue;
      replica.heard = { report, host, port, everyMs, ...at };
      replica.states.hear(report);
    }
  }

  shards(): readonly KnownShard[] {
    return [...this.#collections.values()].flat();
  }

  shardsOf(uid: CollectionUid): readonly KnownShard[] {
    return this.#collections.get(uid) ?? [];
  }

  /** Replicas that stay where they are keep all that was heard of them. */
  #change(record: CollectionRecord): void {
    const known = this.#collections.get(record.uid) ?? [];
    const shards = record.placement.map((nodes, shard): KnownShard => {
      const before = known[shard];
      const replicas = nodes.map(
        (node) => before?.replicas.find((replica) => replica.node === node) ?? this.#placed(node),
      );
      return { record, shard, replicas, log: before?.log };
    });
    this.#collections.set(record.uid, shards);
  }

  #add(record: CollectionRecord): void {
    const shards = record.placement.map((nodes, shard): KnownShard => {
      const replicas = nodes.map((node) => this.#placed(node));
      return { record, shard, replicas, log: undefined };
    });
    this.#collections.set(record.uid, shards);
  }

  #placed(node: NodeId): KnownReplica {
    const placedAtMs = this.#monotonicMs();
    return { node, placedAtMs, states: new ToldStates(), heard: undefined, basis: undefined };
  }
}
