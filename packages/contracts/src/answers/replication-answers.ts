import { z } from 'zod';
import { DashboardSample } from '../dashboard.ts';
import { LegacyClusterStats, LegacyReplica, LegacyReplicas, LegacyStatus } from '../legacy-replication.ts';
import { ClusterStats, ReplicationEvent, ReplicationProof, ReplicationStatus, ReplicaView } from '../replication.ts';
import { Count, list } from '../shapes.ts';

const ReplicasAnswer = z.object({ replicas: list(ReplicaView), count: Count });
const ResyncAnswer = z.object({ id: z.string(), status: z.literal('resyncing') });

export const replicationAnswers = {
  Replica: ReplicaView,
  Replicas: ReplicasAnswer,
  ReplicationStats: ClusterStats,
  ReplicationStatus,
  ReplicationProof,
  ReplicationEvent,
  ReplicaResync: ResyncAnswer,
  DashboardSample,
  LegacyReplica,
  LegacyReplicas,
  LegacyReplicationStats: LegacyClusterStats,
  LegacyReplicationStatus: LegacyStatus,
};
