import { z } from 'zod';
import { queries } from '../../requests.ts';
import { byCall, byName, type Given, type Operation, type Operations } from '../operation.ts';

const R = '/api/v1/replication';
const BY_PARTS = '/:node/:collection/:shard';
const replicaId = { id: z.string().min(1).describe('`node/collection/shard`, percent-encoded') };

const one: Pick<Operation, 'tag' | 'query' | 'answers' | 'fails'> = {
  tag: 'Replication',
  query: queries.timed,
  answers: { 200: { description: 'As the replication monitor knows it', json: 'Replica' } },
  fails: [...byCall, 'not_found'],
};
const resync: Pick<Operation, 'tag' | 'query' | 'answers' | 'fails'> = {
  tag: 'Replication',
  query: queries.timed,
  answers: {
    202: {
      description: 'It has begun; the replica tells under `resync` how far it is',
      json: 'ReplicaResync',
      example: { id: 'node-a/books/0', status: 'resyncing', resync: 'abcdefghijklmnop' },
    },
  },
  fails: [...byName, ...byCall, 'not_found', 'index_unavailable', 'replica_diverged', 'storage_error'],
};
const known = (json: 'ReplicationStatus' | 'ReplicationStats' | 'Replicas'): Given => ({
  description: 'As the replication monitor knows it',
  json,
});

export const replicationOperations: Operations = {
  [`GET ${R}/status`]: {
    id: 'getReplicationStatus',
    tag: 'Replication',
    summary: 'Show every replica, compared with its log',
    query: queries.timed,
    answers: { 200: known('ReplicationStatus') },
    fails: byCall,
  },
  [`GET ${R}/stats`]: {
    id: 'getReplicationStats',
    tag: 'Replication',
    summary: 'Show the whole cluster in numbers',
    query: queries.timed,
    answers: { 200: known('ReplicationStats') },
    fails: byCall,
  },
  [`GET ${R}/replicas`]: {
    id: 'listReplicas',
    tag: 'Replication',
    summary: 'List the replicas, or those that may be read from',
    query: queries.replicas,
    answers: { 200: known('Replicas') },
    fails: byCall,
  },
  [`GET ${R}/replicas/:id`]: { id: 'getReplica', summary: 'Show a replica', path: replicaId, ...one },
  [`GET ${R}/replicas${BY_PARTS}`]: {
    id: 'getReplicaByParts',
    summary: 'Show a replica, by the parts of its id',
    ...one,
  },
  [`POST ${R}/replicas/:id/resync`]: {
    id: 'resyncReplica',
    summary: 'Build a replica anew',
    path: replicaId,
    ...resync,
  },
  [`POST ${R}/replicas${BY_PARTS}/resync`]: {
    id: 'resyncReplicaByParts',
    summary: 'Build a replica anew, by the parts of its id',
    ...resync,
  },
  [`GET ${R}/proof`]: {
    id: 'getReplicationProof',
    tag: 'Replication',
    summary: 'Show whether the replicas of a collection are the same',
    query: queries.proof,
    answers: { 200: { description: 'By state hashes at common sequences', json: 'ReplicationProof' } },
    fails: [...byName, ...byCall],
  },
  [`GET ${R}/events`]: {
    id: 'followReplicationEvents',
    tag: 'Replication',
    summary: 'Follow what happens to replicas and nodes, as server-sent events',
    query: queries.replicationEvents,
    headers: ['Last-Event-ID'],
    answers: {
      200: {
        description: 'Without end, named by their kinds; a `gap` where events are forgotten',
        events: {
          status: 'ReplicationEvent',
          placed: 'ReplicationEvent',
          removed: 'ReplicationEvent',
          resync: 'ReplicationEvent',
          node: 'ReplicationEvent',
          monitor: 'ReplicationEvent',
          gap: 'StreamGap',
        },
      },
    },
    fails: byCall,
  },
  [`GET ${R}/nodes`]: {
    id: 'listNodes',
    tag: 'Replication',
    summary: 'List the index nodes that have joined',
    query: queries.none,
    answers: {
      200: {
        description: 'By name',
        json: 'Nodes',
        example: { nodes: [{ node: 'node-a', host: '10.0.0.7', port: 15013, speaks: true, replicas: 4 }], count: 1 },
      },
    },
  },
  [`DELETE ${R}/nodes/:node`]: {
    id: 'removeNode',
    tag: 'Replication',
    summary: 'Forget an index node that is gone for good',
    query: queries.timed,
    answers: { 200: { description: 'Forgotten', json: 'NodeRemoved', example: { node: 'node-a', status: 'removed' } } },
    fails: ['not_found', 'log_unavailable', ...byCall],
  },
  'GET /replication/status': {
    id: 'getLegacyReplicationStatus',
    tag: 'Legacy',
    summary: 'Show every replica, as clients of before versions expect it',
    answers: { 200: { description: 'Times are seconds since the epoch', json: 'LegacyReplicationStatus' } },
    fails: byCall,
  },
  'GET /replication/stats': {
    id: 'getLegacyReplicationStats',
    tag: 'Legacy',
    summary: 'Show the cluster in numbers, as clients of before versions expect it',
    answers: { 200: { description: 'Times are seconds since the epoch', json: 'LegacyReplicationStats' } },
    fails: byCall,
  },
  'GET /replication/replicas': {
    id: 'listLegacyReplicas',
    tag: 'Legacy',
    summary: 'List the replicas, as clients of before versions expect it',
    answers: { 200: { description: 'Times are seconds since the epoch', json: 'LegacyReplicas' } },
    fails: byCall,
  },
};
