import { z } from 'zod';
import { CollectionUid, NodeId } from './names.ts';
import { PayloadIndexReport } from './payload-index.ts';
import { maybe } from './shapes.ts';

/** An index node says how it is this often, unless it is set otherwise. */
export const HEARTBEAT_MS = 1_000;
/** One that was silent for so many of its heartbeats may be gone, and gets nothing to do. */
const SILENT_HEARTBEATS_MAX = 5;
/** Of a node with more replicas each heartbeat is several messages; a report has some 2 KB, so one has some 256 KB. */
export const REPLICAS_PER_HEARTBEAT_MAX = 128;

/** How a replica is, by its own word. The monitor adds what only others can see (silence, lag, divergence). */
export const ReplicaPhase = z.enum(['syncing', 'following', 'diverged', 'failed']);

/** What a replica's state was at one sequence: on two replicas of a shard the same, or one of them is wrong. */
export const Checkpoint = z.object({ sequence: z.int().nonnegative(), chain: z.string(), state_hash: z.string() });
export type Checkpoint = z.infer<typeof Checkpoint>;

/** Every replica notes its state at the multiples of this sequence, so that any two can be compared while they apply. */
export const CHECKPOINT_INTERVAL = 64;
/** The newest of them travel with each report. */
export const CHECKPOINTS_MAX = 8;

/** How far it is when somebody had a replica built anew: `running` until it has caught up with its log. */
export const Resync = z.object({
  id: CollectionUid,
  state: z.enum(['running', 'complete', 'failed']),
  reason: maybe(z.string()).describe('Why it failed'),
});
export type Resync = z.infer<typeof Resync>;

/**
 * Why a replica has stopped. `log`: its log is not the one that it applied; nothing is rebuilt by itself then, since
 * this replica may be the only true copy. `state`: what it has stored is damaged; it can be rebuilt. `node`: its node
 * cannot go on, as with a full disk.
 */
export const StoppedBy = z.enum(['log', 'state', 'node']);
export type StoppedBy = z.infer<typeof StoppedBy>;

/** One replica's state at one moment. */
export const ReplicaReport = z.object({
  node: NodeId,
  uid: CollectionUid,
  shard: z.int().nonnegative(),
  phase: ReplicaPhase,
  /** Why the replica stopped; only for `diverged` and `failed`. */
  reason: z.string().optional(),
  stopped_by: StoppedBy.optional(),
  /** Whether its state has caught up with the log once, and lets reads in. Absent from nodes of earlier versions. */
  shown: z.boolean().optional(),
  /** Whether it holds the lease of its shard: of the replicas, it is the one that takes shared snapshots. */
  primary: z.boolean().optional(),
  /** Its state at the last few agreed sequences, oldest first. */
  checkpoints: z.array(Checkpoint).max(CHECKPOINTS_MAX).optional(),
  /** When all that it has stored was last read again and found to be as it was written, ISO 8601; null before. */
  verified_at: z.string().nullable().optional(),
  /** A full sync under way: bytes of the shared snapshot that are here, of how many. */
  full_sync: z.object({ bytes: z.int().nonnegative(), total: z.int().nonnegative() }).nullable().optional(),
  /** Full syncs that this node has completed since it started. */
  full_syncs: z.int().nonnegative().optional(),
  /** The newest that was asked for since this node started. */
  resync: Resync.optional(),
  /** The newest shared snapshot of the shard, as the primary knows. */
  snapshot: z.object({ sequence: z.int().nonnegative(), bytes: z.int().nonnegative() }).nullable().optional(),
  applied_sequence: z.int().nonnegative(),
  /** Persisted on this node; a restart replays from here. */
  durable_sequence: z.int().nonnegative(),
  points: z.int().nonnegative(),
  /** Vectors in the graph, vectors waiting to enter it, dead graph nodes. */
  indexed: z.int().nonnegative(),
  buffered: z.int().nonnegative(),
  dead: z.int().nonnegative(),
  /** What the index of the vectors takes in the memory of its process, where that is known. */
  bytes: z.int().nonnegative().optional(),
  /** Where the replica is searched. Absent from nodes of earlier versions. */
  backend: z.enum(['cpu', 'gpu']).optional(),
  /** The name of the device; null on the processor. */
  device: z.string().nullable().optional(),
  /** Why a gpu collection is searched on the processor; null where it is not, and for other kinds. */
  backend_reason: z.string().nullable().optional(),
  /** Hex; equal on two replicas of a shard at the same sequence, or one of them is wrong. */
  state_hash: z.string(),
  chain: z.string(),
  /** Totals over the life of the log, kept with the state: they survive a restart. */
  bytes_received: z.int().nonnegative(),
  entries_applied: z.int().nonnegative(),
  operations_applied: z.int().nonnegative(),
  entries_rejected: z.int().nonnegative(),
  /** When the last entry was applied, ISO 8601; null before the first. */
  last_applied_at: z.string().nullable(),
  payload_indexes: z.array(PayloadIndexReport).optional(),
});
export type ReplicaReport = z.infer<typeof ReplicaReport>;

/** Sent by each index node every `every_ms`, and when one of its replicas has news. */
export const heartbeat = {
  name: 'heartbeat',
  value: z.object({
    node: NodeId,
    at: z.iso.datetime(),
    host: z.string(),
    port: z.int(),
    /** Absent from nodes of earlier versions. */
    every_ms: z.int().positive().optional(),
    /** All of the node's, or a part of them. */
    replicas: z.array(ReplicaReport),
  }),
} as const;
export type Heartbeat = z.infer<typeof heartbeat.value>;

/** Sent by each index node soon after some of its replicas have applied more: how far these are. */
export const progress = {
  name: 'progress',
  value: z.object({
    node: NodeId,
    applied: z.array(z.object({ uid: CollectionUid, shard: z.int().nonnegative(), sequence: z.int().nonnegative() })),
  }),
} as const;
export type Progress = z.infer<typeof progress.value>;

/** How often its node says how it is. */
export function everyMsOf({ every_ms }: Pick<Heartbeat, 'every_ms'>): number {
  return every_ms ?? HEARTBEAT_MS;
}

/** After how long a silence a node that speaks every `everyMs` may be gone. */
export function silentMsMax(everyMs: number): number {
  return SILENT_HEARTBEATS_MAX * everyMs;
}

/** Asks all index nodes to say at once how they are: told by whoever has just started to listen. */
export const rollCall = { name: 'roll-call', value: z.object({}) } as const;
