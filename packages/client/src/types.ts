import type {
  AuditEntry,
  Consistency,
  Filter,
  Json,
  Kind,
  Metric,
  NumberedAuditEntry,
  Outcome,
  PayloadIndexType,
  Quantization,
  Wait,
} from '@vectorizer/contracts';
import type { WireFailure } from '@vectorizer/errors';

/** A Float32Array travels as base64, which is smaller and faster than numbers. */
export type VectorInput = readonly number[] | Float32Array;
export type PayloadInput = { readonly [key: string]: Json };

/** Every call takes these; `signal` gives up on it, also between retries. */
export type CallOptions = { readonly signal?: AbortSignal };
export type WriteOptions = CallOptions & {
  /** Until where the write is carried before it is answered; `applied` unless given. */
  readonly wait?: Wait;
  readonly timeoutMs?: number;
  /** A retry by hand with the same key gets the first answer. The client's own retries do so anyway. */
  readonly idempotencyKey?: string;
};

export type NewCollectionInput = {
  readonly name: string;
  readonly dimension: number;
  readonly metric?: Metric;
  readonly kind?: Kind;
  readonly hnsw?: { readonly m?: number; readonly ef_construction?: number; readonly ef_search?: number };
  /** Of a collection of kind `quantized`. */
  readonly quantization?: Partial<Quantization>;
  readonly shards?: number;
  readonly replication_factor?: number;
  readonly payload_indexes?: readonly PayloadIndex[];
  /** Whether its searches may be answered from the cache; true unless given. */
  readonly cache?: boolean;
};
/** Filters on the key, a dotted path into the payload, are answered by an index of values of the type. */
export type PayloadIndex = { readonly key: string; readonly type: PayloadIndexType };
export type PayloadIndexState = PayloadIndex & {
  /** Filters make use of it once it is ready on every shard. */
  readonly state: 'building' | 'ready';
  /** How many points have something at the key, as far as the index has got. */
  readonly points: number;
};
export type Collection = {
  readonly name: string;
  readonly uid: string;
  readonly created_at: string;
  readonly config: {
    readonly dimension: number;
    readonly metric: Metric;
    readonly kind: Kind;
    /** Of a collection that has a graph. */
    readonly hnsw?: { readonly m: number; readonly ef_construction: number; readonly ef_search: number };
    /** Of a collection of kind `quantized`. */
    readonly quantization?: Readonly<Quantization>;
    readonly shards: number;
    readonly replication_factor: number;
  };
  readonly payload_indexes: readonly PayloadIndex[];
  readonly cache: boolean;
};
/** A replica that never answered has only its node; see the report of a heartbeat for the rest. */
export type Replica = {
  readonly node: string;
  readonly reachable: boolean;
  readonly phase?: string;
  readonly applied_sequence?: number;
  readonly durable_sequence?: number;
  readonly points?: number;
  readonly indexed?: number;
  readonly buffered?: number;
  readonly dead?: number;
  /** Of the vectors in memory, where it is known. */
  readonly bytes?: number;
  /** Where it is searched, on which device, and why not on one although its kind asks for it. */
  readonly backend?: 'cpu' | 'gpu';
  readonly device?: string | null;
  readonly backend_reason?: string | null;
  readonly state_hash?: string;
  readonly chain?: string;
  /** Whether it takes the shared snapshots of its shard. */
  readonly primary?: boolean;
  /** Over the life of the log. */
  readonly operations_applied?: number;
  readonly entries_rejected?: number;
  /** How often it was built from a shared snapshot since its node started. */
  readonly full_syncs?: number;
  /** The newest shared snapshot that it knows of. */
  readonly snapshot?: { readonly sequence: number; readonly bytes: number } | null;
};
export type CollectionState = Collection & {
  readonly points: number;
  readonly shards: readonly { readonly shard: number; readonly replicas: readonly Replica[] }[];
};

export type PointInput = {
  readonly id: string;
  readonly vector: VectorInput;
  readonly payload?: PayloadInput | null;
};
export type UpsertInput = PointInput & { readonly if_version?: number };
export type UpdateInput = {
  readonly vector?: VectorInput;
  /** Null clears it; absent keeps it. */
  readonly payload?: PayloadInput | null;
  readonly if_version?: number;
};
export type PatchInput = (
  { readonly merge: PayloadInput } | { readonly replace: PayloadInput } | { readonly delete_keys: readonly string[] }
) & { readonly if_version?: number };
export type OperationInput =
  | ({ readonly op: 'upsert' } & UpsertInput)
  | ({ readonly op: 'insert' } & PointInput)
  | ({ readonly op: 'update'; readonly id: string } & UpdateInput)
  | {
      readonly op: 'payload_merge' | 'payload_replace';
      readonly id: string;
      readonly payload: PayloadInput;
      readonly if_version?: number;
    }
  | {
      readonly op: 'payload_delete_keys';
      readonly id: string;
      readonly keys: readonly string[];
      readonly if_version?: number;
    }
  | { readonly op: 'delete'; readonly id: string; readonly if_version?: number };

export type ItemResult = {
  readonly index: number;
  readonly id: string | null;
  readonly status: Outcome['status'] | 'logged';
  readonly version?: number;
  readonly error?: WireFailure;
};
export type BatchResult = {
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly results: readonly ItemResult[];
  readonly sequences: readonly number[];
};
export type WriteResult = {
  readonly id: string;
  readonly status: Outcome['status'] | 'logged';
  readonly version?: number;
  readonly sequences: readonly number[];
};
export type DeleteByFilterResult = {
  readonly status: 'deleted' | 'logged';
  readonly deleted?: number;
  readonly sequences: readonly number[];
};

export type ReadInput = {
  readonly consistency?: Consistency;
  /** With `bounded`: how old the state that is read may be. */
  readonly max_lag_ms?: number;
  readonly timeout_ms?: number;
};
/** How a search may be answered from the cache. */
export type CacheInput = {
  /** An answer that newer writes have overtaken will do if it was computed no longer ago than this. */
  readonly max_staleness_ms?: number;
};
export type SearchOptions = CallOptions & {
  /** False: it is searched for, whatever is cached. */
  readonly cache?: boolean;
};
export type FieldsInput = { readonly with_payload?: boolean; readonly with_vector?: boolean };
export type SearchInput = FieldsInput & {
  readonly vector: VectorInput;
  readonly k?: number;
  readonly ef?: number;
  readonly exact?: boolean;
  /** In place of what the collection has; of a collection of kind `quantized`. */
  readonly quantization?: Pick<Partial<Quantization>, 'rescore' | 'oversampling'>;
  readonly filter?: Filter;
  readonly score_threshold?: number;
};
/** Points of the collection by their ids, and vectors. */
export type RecommendInput = Omit<SearchInput, 'vector'> & {
  readonly positive: readonly (string | VectorInput)[];
  readonly negative?: readonly (string | VectorInput)[];
};
export type ScrollInput = ReadInput &
  FieldsInput & {
    readonly after?: string;
    readonly limit?: number;
    readonly filter?: Filter;
  };

export type Warning = { readonly code: string; readonly message: string; readonly fields: readonly string[] };
export type Point = {
  readonly id: string;
  readonly version: number;
  readonly payload?: { readonly [key: string]: Json } | null;
  readonly vector?: readonly number[];
};
export type Hit = Point & { readonly score: number };
/** The collections have their own names here, also when they were asked for by aliases. */
export type SearchManyResult = {
  readonly hits: readonly (Hit & { readonly collection: string })[];
  /** In the order in which they were asked. */
  readonly collections: readonly {
    readonly collection: string;
    readonly sequences: readonly number[];
    readonly cache?: { readonly status: CacheUse['status']; readonly age_ms?: number };
    readonly warnings?: readonly Warning[];
  }[];
};
export type SearchResult = { readonly hits: readonly Hit[]; readonly warnings?: readonly Warning[] };
/** How the answer came about; the oldest part of a `hit` was computed `ageMs` ago. */
export type CacheUse = { readonly status: 'hit' | 'miss' | 'bypass'; readonly ageMs?: number };
export type ScrollResult = {
  readonly points: readonly Point[];
  /** Pass it as `after` for the next page; null on the last. */
  readonly next: string | null;
  readonly warnings?: readonly Warning[];
};
export type CountResult = { readonly count: number; readonly warnings?: readonly Warning[] };

/** So much each second in the long run, so much at once. */
export type RateInput = { readonly per_s: number; readonly burst: number };
export type NewKeyInput = {
  readonly name: string;
  readonly roles: readonly string[];
  /** Patterns of collections' names; left out: all. */
  readonly collections?: readonly string[];
  readonly events?: readonly string[];
  readonly rate?: { readonly tier?: string; readonly read?: RateInput; readonly write?: RateInput };
  /** Seconds from now. */
  readonly expires_in?: number;
};

/** An API key, without the key itself. */
export type Key = {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly collections: readonly string[];
  readonly events: readonly string[];
  readonly rate: { readonly tier: string; readonly read?: RateInput; readonly write?: RateInput };
  readonly created_at: string;
  readonly created_by: string;
  readonly rotated_at: string | null;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
  readonly active: boolean;
  readonly grace_until: string | null;
  readonly usage: { readonly requests: number; readonly last_used_at: string | null };
};
export type IssuedKey = Key & { readonly key: string };

export type AuditSearch = {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  /** Paths that begin so. */
  readonly target?: string | undefined;
  readonly result?: AuditEntry['result'] | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly limit?: number | undefined;
  readonly before?: string | undefined;
};
export type AuditPage = { readonly entries: readonly NumberedAuditEntry[]; readonly next: string | null };
export type AuditChainPart = {
  /** Sequences of the oldest message that is left, and of the newest that ever was. */
  readonly first: number;
  readonly last: number;
  readonly created: string;
  readonly messages: readonly { readonly sequence: number; readonly data: string }[];
};
