export { AliasesClient } from './aliases-client.ts';
export { AuditClient } from './audit-client.ts';
export type { Change, ChangeEvent, ChangesInput, NearInput } from './changes.ts';
export { EventsClient, type DeadLetter, type DeadLetterPage, type DeadLetterSummary } from './events-client.ts';
export type { FailureType } from './http/failure-types.ts';
export type { Fetch } from './http/fetch-exchange.ts';
export { VectorizerError } from './http/vectorizer-error.ts';
export { KeysClient } from './keys-client.ts';
export { ReplicationClient, type ReplicationEventsInput } from './replication-client.ts';
export { RolesClient } from './roles-client.ts';
export { SnapshotsClient } from './snapshots-client.ts';
export { SystemClient } from './system-client.ts';
export type {
  AuditChainPart,
  AuditEntry,
  AuditPage,
  AuditSearch,
  IssuedKey,
  Key,
  Me,
  NewKeyInput,
  Permission,
  RateInput,
  Role,
} from './types/access.ts';
export type {
  ClusterSample,
  CollectionSample,
  NodeSample,
  ProcessSample,
  Quantiles,
  ReplicationSample,
  SampledReplica,
  ShardAgreement,
} from './types/cluster-sample.ts';
export type {
  Alias,
  Collection,
  CollectionConfig,
  CollectionState,
  Hnsw,
  Kind,
  Metric,
  NewCollectionInput,
  PayloadIndex,
  PayloadIndexState,
  PayloadIndexType,
  Quantization,
  Replica,
} from './types/collections.ts';
export type { Filter, GeoPoint, Leaf, Range } from './types/filter.ts';
export type { AskOptions, CallOptions, Consistency, ReadInput, Wait, WriteOptions } from './types/options.ts';
export type {
  BatchResult,
  CountInput,
  CountResult,
  DeleteByFilterResult,
  FieldsInput,
  GetInput,
  GetResult,
  ItemError,
  ItemResult,
  Json,
  OperationInput,
  OperationState,
  Outcome,
  OutcomeStatus,
  PatchInput,
  Payload,
  Point,
  PointInput,
  ScrollInput,
  ScrollResult,
  UpdateInput,
  UpsertInput,
  VectorInput,
  Warning,
  WriteResult,
} from './types/points.ts';
export type {
  NodeView,
  ReplicaProof,
  ReplicaStatus,
  ReplicaView,
  Resync,
  ReplicationEvent,
  ReplicationProof,
  ReplicationStats,
  ReplicationStatus,
  ShardProof,
} from './types/replication.ts';
export type {
  CacheInput,
  CacheUse,
  Hit,
  RecommendInput,
  SearchInput,
  SearchManyResult,
  SearchOptions,
  SearchResult,
} from './types/search.ts';
export type { JobState, Restore, RestoreInput, Snapshot } from './types/snapshots.ts';
export type {
  Health,
  Liveness,
  LogLevel,
  LogLevelChange,
  LogLine,
  ReadStages,
  RequestLog,
  SlowQueries,
  SlowQueriesInput,
  SlowQuery,
} from './types/system.ts';
export type { FailedPoint, UpsertManyOptions, UpsertManyResult, UpsertProgress } from './upsert-many.ts';
export { VectorizerClient, type ClientOptions } from './vectorizer-client.ts';
