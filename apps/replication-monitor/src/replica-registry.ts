import type { Catalog } from '@vectorizer/cluster';
import type { CollectionRecord, CollectionUid, Heartbeat, NodeId, ReplicaReport } from '@vectorizer/contracts';
import type { LagBasis, LogPosition } from './lag.ts';

export type Heard = {
  readonly report: ReplicaReport;
  readonly host: string;
  readonly port: number;
  readonly monotonicMs: number;
  readonly epochMs: number;
};

/** A replica that should exist, and the last that was heard of it. */
export type KnownReplica = {
  readonly node: NodeId;
  readonly placedAtMs: number;
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
  hear({ replicas, host, port }: Heartbeat, at: { readonly monotonicMs: number; readonly epochMs: number }): void {
    for (const report of replicas) {
      const shard = this.#collections.get(report.uid)?.[report.shard];
      const replica = shard?.replicas.find(({ node }) => node === report.node);
      if (replica !== undefined) replica.heard = { report, host, port, ...at };
    }
  }

  shards(): readonly KnownShard[] {
    return [...this.#collections.values()].flat();
  }

  /** The same replicas, with all that was heard of them: nothing moves them yet. */
  #change(record: CollectionRecord): void {
    const known = this.#collections.get(record.uid) ?? [];
    this.#collections.set(
      record.uid,
      known.map((shard) => ({ ...shard, record })),
    );
  }

  #add(record: CollectionRecord): void {
    const placedAtMs = this.#monotonicMs();
    const shards = record.placement.map((nodes, shard): KnownShard => {
      const replicas = nodes.map((node): KnownReplica => ({ node, placedAtMs, heard: undefined, basis: undefined }));
      return { record, shard, replicas, log: undefined };
    });
    this.#collections.set(record.uid, shards);
  }
}
