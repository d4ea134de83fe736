import { z } from 'zod';
import { Hnsw, Kind, Metric } from '../collection.ts';
import { ReplicaReport } from '../heartbeat.ts';
import { CollectionName, CollectionUid, NodeId } from '../names.ts';
import { PayloadIndex, PayloadIndexReport, PayloadIndexType } from '../payload-index.ts';
import { WholeQuantization } from '../quantization.ts';
import { Count, list, Time } from '../shapes.ts';

/** What a collection was made with; of its kind's settings those that it has. */
export const CollectionSettings = z.object({
  dimension: Count,
  metric: Metric,
  kind: Kind,
  hnsw: Hnsw.optional(),
  quantization: WholeQuantization.optional(),
  shards: Count,
  replication_factor: Count,
});
const fields = {
  name: CollectionName,
  uid: CollectionUid,
  created_at: Time,
  config: CollectionSettings,
  payload_indexes: list(PayloadIndex),
  cache: z.boolean().describe('Whether its searches may be answered from the cache'),
};
const CollectionAnswer = z.object(fields);
const CollectionsAnswer = z.object({ collections: list(CollectionAnswer) });

/** A replica that answers, or as it was last heard; or one that nobody has heard. */
const ReplicaOfShard = z.union([
  ReplicaReport.extend({ reachable: z.boolean() }),
  z.object({ node: NodeId, reachable: z.literal(false) }),
]);
const CollectionStateAnswer = z.object({
  ...fields,
  points: Count,
  shards: list(z.object({ shard: Count, replicas: list(ReplicaOfShard) })),
});
const CollectionDroppedAnswer = z.object({
  name: CollectionName,
  uid: CollectionUid,
  status: z.literal('deleted'),
});

const AliasAnswer = z.object({
  alias: CollectionName,
  collection: CollectionName,
  uid: CollectionUid,
  created_at: Time,
});
const AliasesAnswer = z.object({ aliases: list(AliasAnswer) });
const AliasDeletedAnswer = z.object({ alias: CollectionName, status: z.literal('deleted') });

const PayloadIndexesAnswer = z.object({ payload_indexes: list(PayloadIndexReport) });
const PayloadIndexAnswer = z.object({ key: z.string(), type: PayloadIndexType });
const PayloadIndexDroppedAnswer = z.object({ key: z.string(), status: z.literal('deleted') });

export const collectionAnswers = {
  CollectionConfig: CollectionSettings,
  Hnsw,
  Quantization: WholeQuantization,
  Collection: CollectionAnswer,
  Collections: CollectionsAnswer,
  CollectionState: CollectionStateAnswer,
  ReplicaReport,
  CollectionDropped: CollectionDroppedAnswer,
  Alias: AliasAnswer,
  Aliases: AliasesAnswer,
  AliasDeleted: AliasDeletedAnswer,
  PayloadIndexReport,
  PayloadIndexes: PayloadIndexesAnswer,
  PayloadIndex: PayloadIndexAnswer,
  PayloadIndexDropped: PayloadIndexDroppedAnswer,
};
