export {
  Activity,
  activity,
  ActivityCount,
  ACTIVITY_MS,
  CacheActivity,
  CacheCount,
  CacheTier,
  LatencyCounts,
  WATCHED_MS,
  watching,
} from './activity.ts';
export {
  AUDIT_START,
  AuditEntry,
  decodeAudit,
  encodeAudit,
  hashOfAudit,
  nextAudit,
  type AuditHead,
  type AuditMessage,
  type NumberedAuditEntry,
} from './audit.ts';
export {
  KeyId,
  KeyRate,
  KeyRecord,
  KeyUsage,
  NewKeyBody,
  Rate,
  RotateKeyBody,
  RateTiers,
  TierName,
  type NewKey,
} from './api-key.ts';
export { ArchiveManifest } from './archive-manifest.ts';
export { Backup, BackupId, ForeignBackup, Restore, RestoreBody, type JobState } from './backup.ts';
export { readJson, readMessagePack } from './bodies.ts';
export {
  type AllAnswers,
  type Announcement,
  type Bus,
  type CallContext,
  type CallOptions,
  type Handler,
  type Procedure,
  answerBy,
  procedure,
  withTimeToAnswer,
} from './bus.ts';
export { componentSchemas, parameterSchema } from './component-schemas.ts';
export { requestBodies, type RequestBodyName } from './request-bodies.ts';
export { componentOf, type JsonSchema } from './written-schemas.ts';
export { CHAIN_START, digestOfEntry, nextInChain } from './chain.ts';
export { answers, type Answer, type AnswerName } from './answers/answers.ts';
export { AliasRecord, CollectionConfig, CollectionRecord, Hnsw, Kind, Metric } from './collection.ts';
export type {
  CacheSample,
  CollectionSample,
  DashboardReplica,
  DashboardSample,
  NodeSample,
  ProcessSample,
  Quantiles,
  ReplicationSample,
  ShardAgreement,
} from './dashboard.ts';
export {
  decodeEntry,
  encodeEntry,
  encodeRequest,
  Entry,
  ENTRY_VERSION,
  Envelope,
  openEntry,
  Request,
  type EncodedRequest,
} from './entry.ts';
export {
  deadLetters,
  eventBodies,
  eventItems,
  EventKind,
  events,
  headerOf,
  eventNeeds,
  publishableSubjects,
  scopedSubject,
  targetOf,
  type DeadLetter,
  type StoredEvent,
} from './events.ts';
export { eventJsonSchema } from './event-schema.ts';
export { failureOf } from './failure-of-outcome.ts';
export { gpuModes, type GpuMode } from './gpu-mode.ts';
export { Filter, Range, type Clauses, type Condition, type Leaf } from './filter.ts';
export {
  Checkpoint,
  CHECKPOINT_INTERVAL,
  CHECKPOINTS_MAX,
  everyMsOf,
  heartbeat,
  progress,
  type Progress,
  HEARTBEAT_MS,
  ReplicaPhase,
  ReplicaReport,
  Resync,
  REPLICAS_PER_HEARTBEAT_MAX,
  rollCall,
  silentMsMax,
  StoppedBy,
  type Heartbeat,
} from './heartbeat.ts';
export {
  AliasBody,
  BatchOperation,
  CollectionChangeBody,
  CountBody,
  DeleteBody,
  GetBody,
  InsertBatchBody,
  InsertBody,
  MixedBatchBody,
  PatchBody,
  PayloadIndexBody,
  PointBody,
  ScrollBody,
  RecommendBody,
  SearchBatchBody,
  SearchManyBody,
  Near,
  ChangesBody,
  SearchBody,
  UpdateBody,
  UpsertBatchBody,
} from './http-bodies.ts';
export {
  type CacheNote,
  Consistency,
  count,
  type CountAnswer,
  describe,
  NewCollection,
  newCollection,
  type CollectionDefaults,
  type PointsAnswer,
  read,
  replicaResync,
  replicationEvents,
  replicationAgreement,
  replicationProof,
  replicationStatus,
  scroll,
  type ScrollAnswer,
  search,
  type SearchAnswer,
  type SearchResult,
  type ShardSearchAnswer,
  SearchSpec,
  Sequences,
  shardBackup,
  shardCount,
  shardDescribe,
  shardOutcomes,
  shardQuarantine,
  shardRead,
  shardRequest,
  shardResync,
  shardRestore,
  shardScroll,
  shardSearch,
  Wait,
  write,
  type WriteAnswer,
  type JobReport,
} from './procedures.ts';
export { epochSeconds, legacyStats, type LegacyStats } from './legacy-replication.ts';
export { limits } from './limits.ts';
export { CollectionName, CollectionUid, compareIds, newUid, NodeId, PointId } from './names.ts';
export { Operation, type RequestOutcome } from './operation.ts';
export { Outcome } from './outcome.ts';
export { PayloadIndex, PayloadIndexes, PayloadIndexReport, PayloadIndexType, PayloadKey } from './payload-index.ts';
export {
  CollectionPattern,
  CollectionPatterns,
  coversPatterns,
  EventPattern,
  matchesAny,
  matchesPattern,
  commonSubject,
  matchesSubject,
} from './patterns.ts';
export { parsePayload, PayloadText, type Json, type Payload } from './payload.ts';
export { builtInRoles, Permission, RoleBody, RoleName, RoleRecord } from './permissions.ts';
export { shardOf } from './placement.ts';
export { byRank, unindexedFilter, type Hit, type PointView, type Warning } from './points.ts';
export { Quantization, SearchQuantization } from './quantization.ts';
export { readOperation } from './read-operation.ts';
export {
  isConnected,
  isRoutable,
  ReplicationEvent,
  replicationEvent,
  type ReplicaProof,
  type ReplicaStatus,
  type ReplicationProof,
  type ReplicationStats,
  type ReplicationStatus,
  type ReplicaView,
  type ShardProof,
} from './replication.ts';
export { readStages, type ReadStage, type ReadStages, type ShardStages } from './read-stages.ts';
export { exactScore, lengthOf } from './score.ts';
export { inOrder, slowQueries, SlowQueriesQuery, type SlowQuery } from './slow-query.ts';
export { CorrelationId, requestLines, type LogLine } from './request-lines.ts';
export { bytesOf, ShardSnapshot, SnapshotFile } from './shard-snapshot.ts';
export { LogLevelChange, logLevelChange, LogLevelName } from './log-level.ts';
export { HEALTH_NEWS_MS, HEALTH_SILENT_MS_MAX, serviceHealth, type ServiceHealth } from './service-health.ts';
export { AUDIT_STREAM, buckets, EVENT_STREAM, PROBE_STREAM, LOG_STREAM_PREFIX, subjects } from './subjects.ts';
export { covers } from './sequences.ts';
export { decodeToken, encodeToken, fromOpaque, tokenOfPublished } from './token.ts';
export { bytesOfFloat32, float32FromBytes, Vector } from './vector.ts';
export { operationWeight, REQUEST_WEIGHT_MAX } from './weight.ts';
