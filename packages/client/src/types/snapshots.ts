import type { CollectionConfig, PayloadIndex } from './collections.ts';

export type JobState = 'running' | 'complete' | 'failed';

/** A restore of a snapshot into a collection. */
export type Restore = {
  readonly name: string;
  readonly state: JobState;
  readonly reason?: string | undefined;
  /** The collection that it makes, and the sequence of each of its shards. */
  readonly uid: string;
  readonly sequences: readonly number[];
  /** Aliases of the snapshot that are something else's by now, and were left to that. */
  readonly aliases_left?: readonly string[] | undefined;
  /** The collection whose place it has taken. */
  readonly replaces?: string | undefined;
  readonly points?: number | undefined;
  /** Of one that is complete: whether its replicas were compared with what was stored. */
  readonly verified?: boolean | undefined;
  readonly replicas_compared?: number | undefined;
  readonly started_at: string;
  readonly updated_at: string;
};

/** A snapshot of a whole collection, with all that is needed to make it again; taken in the background. */
export type Snapshot = {
  readonly id: string;
  readonly collection: string;
  readonly uid: string;
  readonly config: CollectionConfig;
  readonly payload_indexes: readonly PayloadIndex[];
  readonly cache: boolean;
  /** The collection's other names when it was begun. */
  readonly aliases: readonly string[];
  readonly state: JobState;
  readonly reason?: string | undefined;
  readonly created_at: string;
  readonly updated_at: string;
  readonly progress: { readonly shards_stored: number; readonly shards: number; readonly moved_bytes: number };
  readonly points: number;
  readonly bytes: number;
  /** Null until it is stored. */
  readonly shards: readonly ({
    readonly sequence: number;
    readonly points: number;
    readonly state_hash: string;
    readonly chain: string;
    readonly bytes: number;
  } | null)[];
  /** The newest restore of it. */
  readonly restore?: Restore | undefined;
};

/** At most one of `sequences` and `time`. */
export type RestoreInput = {
  /** The collection's own name where it is left out. */
  readonly name?: string | undefined;
  /** Whether it takes the place of a collection that has the name. */
  readonly replace?: boolean | undefined;
  /** Beyond the snapshot, the log is replayed up to these sequences, by shard, or to this moment (ISO 8601). */
  readonly sequences?: readonly number[] | undefined;
  readonly time?: string | undefined;
};
