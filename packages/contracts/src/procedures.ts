import { z } from 'zod';
import { procedure } from './bus.ts';
import { checkKind, CollectionConfig, collectionFields, complete } from './collection.ts';
import { Filter } from './filter.ts';
import type { ShardAgreement } from './dashboard.ts';
import type { ReplicaReport, Resync } from './heartbeat.ts';
import { limits } from './limits.ts';
import { CollectionName, CollectionUid, NodeId, PointId } from './names.ts';
import { PayloadIndexes } from './payload-index.ts';
import { Operation, type RequestOutcome } from './operation.ts';
import type { Outcome } from './outcome.ts';
import type { Hit, PointView, Warning } from './points.ts';
import { SearchQuantization } from './quantization.ts';
import type { ReadStages, ShardStages } from './read-stages.ts';
import type { ShardSnapshot } from './shard-snapshot.ts';
import type { ReplicationEvent, ReplicationProof, ReplicationStatus } from './replication.ts';

/** Until where a write is carried before it is answered: in the log, applied by one replica per shard, or by all. */
export const Wait = z.enum(['logged', 'applied', 'replicated']);
export type Wait = z.infer<typeof Wait>;

/** What a read must reflect; see docs/CONSISTENCY.md. */
export const Consistency = z.enum(['eventual', 'session', 'bounded', 'strong']);
export type Consistency = z.infer<typeof Consistency>;

/** Sequences by shard: what a client has seen, or what an answer reflects. Index = shard. */
export const Sequences = z.array(z.int().nonnegative()).max(limits.shardsMax);
export type Sequences = z.infer<typeof Sequences>;

const vector: z.ZodType<Float32Array, Float32Array> = z.instanceof(Float32Array);

/** Ingest: logs the operations of one request, in order, and waits as asked. */
export const write = procedure<WriteAnswer>()(
  'ingest.write',
  z.object({
    uid: CollectionUid,
    request_id: z.string().min(1).max(limits.idempotencyKeyCharactersMax),
    ops: z.array(Operation).min(1),
    wait: Wait,
    /** See `Request`. */
    by: z.string().max(limits.authorshipCharactersMax).optional(),
  }),
);
/** `outcomes` has one for each operation, in order; absent when the write waited only for the log. */
export type WriteAnswer = { readonly sequences: Sequences; readonly outcomes?: readonly Outcome[] };

const Read = z.object({
  uid: CollectionUid,
  consistency: Consistency,
  /** With `session` and `bounded`: at least these. */
  seen: Sequences.optional(),
  /** With `bounded`: everything that was in the log this long ago. */
  max_lag_ms: z.int().nonnegative().optional(),
});
const Fields = z.object({ with_payload: z.boolean(), with_vector: z.boolean() });

export const SearchSpec = z.object({
  vector,
  k: z.int().min(1).max(limits.kMax),
  ef: z.int().min(1).max(limits.efMax).optional(),
  exact: z.boolean().optional(),
  quantization: SearchQuantization.optional(),
  filter: Filter.optional(),
  score_threshold: z.number().optional(),
  ...Fields.shape,
});
export type SearchSpec = z.infer<typeof SearchSpec>;

/** Query: plans, fans out to one replica per shard, merges. */
export const search = procedure<SearchAnswer>()(
  'query.search',
  Read.extend({
    searches: z.array(SearchSpec).min(1).max(limits.batchSearchesMax),
    /** The cache is neither asked nor told. */
    bypass_cache: z.boolean().optional(),
    /** A cached answer that newer writes have overtaken will do if it was computed no longer ago than this. */
    max_staleness_ms: z.int().nonnegative().optional(),
  }),
);
export type SearchAnswer = {
  readonly sequences: Sequences;
  readonly results: readonly SearchResult[];
  /** Absent from services of earlier versions. */
  readonly cache?: CacheNote;
  readonly stages?: ReadStages;
};
/** `hit`: nothing was searched for this answer. Of its results that were kept the oldest was computed `age_ms` ago. */
export type CacheNote =
  | { readonly status: 'hit'; readonly age_ms: number }
  | { readonly status: 'miss' | 'bypass'; readonly age_ms?: number };
export type SearchResult = { readonly hits: readonly Hit[]; readonly warnings: readonly Warning[] };

/** Query: points by id, in the order asked; absent ones are left out. */
export const read = procedure<PointsAnswer>()(
  'query.read',
  Read.extend({ ids: z.array(PointId).min(1).max(limits.batchPointsMax), ...Fields.shape }),
);
export type PointsAnswer = { readonly sequences: Sequences; readonly points: readonly PointView[] };

/** Query: points in the order of their ids' UTF-8 bytes, after `after`. */
export const scroll = procedure<ScrollAnswer>()(
  'query.scroll',
  Read.extend({
    after: PointId.optional(),
    limit: z.int().min(1).max(limits.scrollLimitMax),
    filter: Filter.optional(),
    ...Fields.shape,
  }),
);
export type ScrollAnswer = PointsAnswer & { readonly next?: string; readonly warnings: readonly Warning[] };

export const count = procedure<CountAnswer>()('query.count', Read.extend({ filter: Filter.optional() }));
export type CountAnswer = {
  readonly sequences: Sequences;
  readonly count: number;
  readonly warnings: readonly Warning[];
};

/** Query: the state of every replica of a collection, as last heard. */
export const describe = procedure<{ readonly replicas: readonly ReplicaReport[] }>()(
  'query.describe',
  z.object({ uid: CollectionUid }),
);

const Shard = z.object({ uid: CollectionUid, shard: z.int().nonnegative() });
/** A read of one replica waits until it has applied `min_sequence`, or fails with `replica_behind`. */
const ShardRead = Shard.extend({ min_sequence: z.int().nonnegative() });

/** Index node: the same four reads, on one replica. */
export const shardSearch = procedure<ShardSearchAnswer>()(
  'index.search',
  ShardRead.extend({ searches: z.array(SearchSpec).min(1).max(limits.batchSearchesMax) }),
);
/** No result is older than `sequence`. `reflected` has the sequence of each where they are not all of one. */
export type ShardSearchAnswer = {
  readonly sequence: number;
  readonly results: readonly SearchResult[];
  readonly reflected?: readonly number[];
  /** Absent from nodes of earlier versions. */
  readonly stages?: ShardStages;
};
export const shardRead = procedure<{ readonly sequence: number; readonly points: readonly PointView[] }>()(
  'index.read',
  ShardRead.extend({ ids: z.array(PointId).min(1), ...Fields.shape }),
);
export const shardScroll = procedure<{
  readonly sequence: number;
  readonly points: readonly PointView[];
  readonly more: boolean;
  readonly warnings: readonly Warning[];
}>()(
  'index.scroll',
  ShardRead.extend({ after: PointId.optional(), limit: z.int().min(1), filter: Filter.optional(), ...Fields.shape }),
);
export const shardCount = procedure<{
  readonly sequence: number;
  readonly count: number;
  readonly warnings: readonly Warning[];
}>()('index.count', ShardRead.extend({ filter: Filter.optional() }));

/** Index node: waits until `sequence` is applied and answers what became of the requests. */
export const shardOutcomes = procedure<{ readonly requests: readonly RequestOutcome[] }>()(
  'index.outcomes',
  Shard.extend({ sequence: z.int().positive(), request_ids: z.array(z.string()).min(1) }),
);

/**
 * Index node: what became of the request of this id as far as the replica has applied its log; null when it has applied
 * none, or remembers it no more.
 */
export const shardRequest = procedure<{
  readonly applied_sequence: number;
  readonly request: RequestOutcome | null;
}>()('index.request', Shard.extend({ request_id: z.string().min(1) }));

/** Index node: the state of this node's replica now. */
export const shardDescribe = procedure<ReplicaReport>()('index.describe', Shard);

/**
 * Index node: throws this node's replica away and builds it anew, from the newest shared snapshot and the log. Answers
 * when that has begun. Refused where neither reaches back far enough: then this replica is all there is.
 */
/** By nodes of earlier versions without an id. */
export const shardResync = procedure<{ readonly resync?: Resync['id'] }>()('index.resync', Shard);

/**
 * Index node: this node's replica answers no more reads and applies nothing, until it is built anew: others have found
 * that it is not what it should be.
 */
export const shardQuarantine = procedure<Record<string, never>>()(
  'index.quarantine',
  Shard.extend({ reason: z.string(), by: z.enum(['log', 'state']) }),
);

/**
 * How far a long job of an index node is: what it has stored, once it has. Whoever wants it asks again and again: the first
 * call starts the job, and so does the next one after the node was started anew.
 */
export type JobReport = { readonly stored: ShardSnapshot | null; readonly moved_bytes: number };

/** Index node: stores a snapshot of its replica, as it is when that begins, in the snapshot store under another name. */
export const shardBackup = procedure<JobReport>()('index.backup', Shard.extend({ into: CollectionUid }));

/**
 * Index node, any: brings a stored snapshot (`from`) to a sequence with the log that it is of (`log`), and stores the result
 * under the name of a collection that is to be. It is verified on the way in and on the way out.
 */
export const shardRestore = procedure<JobReport>()(
  'index.restore',
  Shard.extend({ from: CollectionUid, log: CollectionUid, up_to: z.int().nonnegative(), config: CollectionConfig }),
);

/** Replication monitor: every replica, or those of one collection, compared with its log. */
export const replicationStatus = procedure<ReplicationStatus>()(
  'monitor.status',
  z.object({ uid: CollectionUid.optional() }),
);

/** Replication monitor: what the replicas of a collection say of their state at common sequences. */
export const replicationProof = procedure<ReplicationProof>()('monitor.proof', z.object({ uid: CollectionUid }));

/** Replication monitor: whether the replicas of each shard tell the same, over all collections. */
export const replicationAgreement = procedure<{ readonly shards: readonly ShardAgreement[] }>()(
  'monitor.agreement',
  z.object({}),
);

/**
 * Replication monitor: the events after the one with this number, oldest first, as many as fit one answer; `last` is
 * the number of the newest there is. Those that are too old to be remembered are left out.
 */
export const replicationEvents = procedure<{ readonly events: readonly ReplicationEvent[]; readonly last: number }>()(
  'monitor.events',
  z.object({ after: z.int().nonnegative() }),
);

/** Replication monitor: has a replica built anew. Answers when that has begun. */
export const replicaResync = procedure<{ readonly resync?: Resync['id'] }>()(
  'monitor.resync',
  Shard.extend({ node: NodeId, reason: z.string() }),
);

/** What a collection has whose creation does not say. */
export type CollectionDefaults = { readonly shards: number; readonly replication_factor: number };

/** Catalog: made by the gateway on the catalog directly; here for the shape of a creation. */
export const NewCollection = newCollection({ shards: 1, replication_factor: 1 });
export type NewCollection = z.infer<typeof NewCollection>;

// oxlint-disable-next-line typescript/explicit-function-return-type, typescript/explicit-module-boundary-types -- inferred, as every schema's
export function newCollection(defaults: CollectionDefaults) {
  return z
    .strictObject({
      name: CollectionName,
      ...collectionFields,
      shards: collectionFields.shards.unwrap().default(defaults.shards),
      replication_factor: collectionFields.replication_factor.unwrap().default(defaults.replication_factor),
      payload_indexes: PayloadIndexes.default([]),
      cache: z.boolean().default(true),
    })
    .superRefine(checkKind)
    .transform(complete);
}
