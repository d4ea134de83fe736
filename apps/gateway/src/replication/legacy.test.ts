import { describe, expect, it } from '@jest/globals';
import { CollectionName, NodeId, type ReplicaView, type ReplicationStatus } from '@vectorizer/contracts';
import { legacyStatus } from './legacy.ts';

const replica: ReplicaView = {
  id: 'node-a/books/0',
  node: NodeId.parse('node-a'),
  collection: CollectionName.parse('books'),
  shard: 0,
  host: '10.0.0.1',
  port: 15_013,
  address: '10.0.0.1:15013',
  status: 'Lagging',
  lag_ms: 1_500,
  lag_entries: 23,
  lag_operations: 23,
  lag_bytes: 2_300,
  last_heartbeat: '2024-10-22T16:00:00.900Z',
  last_sync: null,
  operations_synced: 1_500,
  bytes_received: 9,
  state_hash: 'ab',
  chain: 'cd',
  primary: true,
  offset: 1_500,
};
const status: ReplicationStatus = {
  role: 'master',
  enabled: true,
  stats: {
    role: 'master',
    lag_ms: 1_500,
    bytes_sent: 10,
    bytes_received: 9,
    last_sync: '2024-10-22T16:00:00.000Z',
    operations_pending: 23,
    snapshot_size: 0,
    connected_replicas: 1,
    master_offset: 1_523,
    replica_offset: 1_500,
    lag_operations: 23,
    total_replicated: 1_500,
  },
  replicas: [replica, { ...replica, id: 'b', status: 'Diverged', host: null, port: null, last_heartbeat: null }],
};

describe('the status for clients of the unversioned paths', () => {
  it('has their names, times in seconds and a role in capitals', () => {
    const { stats, replicas, ...rest } = legacyStatus(status);
    expect(rest).toEqual({ role: 'Master', enabled: true });
    expect(stats).toEqual({ ...status.stats, last_sync: 1_729_612_800 });
    expect(replicas[0]).toEqual({
      id: 'node-a/books/0',
      host: '10.0.0.1',
      port: 15_013,
      status: 'Lagging',
      lag_ms: 1_500,
      last_heartbeat: 1_729_612_800,
      operations_synced: 1_500,
      address: '10.0.0.1:15013',
      offset: 1_500,
      lag_operations: 23,
    });
  });

  it('has no state and no null that they do not know', () => {
    expect(legacyStatus(status).replicas[1]).toMatchObject({
      status: 'Disconnected',
      host: '',
      port: 0,
      last_heartbeat: 0,
    });
    const never = { ...status, stats: { ...status.stats, last_sync: null } };
    expect(legacyStatus(never).stats.last_sync).toBe(0);
  });
});
