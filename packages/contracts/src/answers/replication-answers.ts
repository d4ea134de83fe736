import { z } from 'zod';
import { DashboardSample } from '../dashboard.ts';
import { Resync } from '../heartbeat.ts';
import { LegacyClusterStats, LegacyReplica, LegacyReplicas, LegacyStatus } from '../legacy-replication.ts';
import { ClusterStats, ReplicationEvent, ReplicationProof, ReplicationStatus, ReplicaView } from '../replication.ts';
import { Count, list, maybe } from '../shapes.ts';

const ReplicasAnswer = z.object({ replicas: list(ReplicaView), count: Count });
const ResyncAnswer = z.object({
  id: z.string(),
  status: z.literal('resyncing'),
  resync: maybe(Resync.shape.id).describe(
    'What the replica says under `resync` of how far it is; not of nodes of earlier versions',
  ),
});

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
