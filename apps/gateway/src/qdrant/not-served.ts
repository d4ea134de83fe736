import type { NotServedByQdrant } from '@vectorizer/frame';

const CLUSTER = 'there is no consensus of peers here; /api/v1/replication tells of replicas and nodes';
const SHARDS = 'shards are fixed when a collection is made, and a point belongs to that of the hash of its id';
const SHARD_SNAPSHOTS = 'a snapshot is of a whole collection';
const FILES =
  "a snapshot has another format than Qdrant's; see /api/v1/collections/{c}/snapshots for download and restore";
const WHOLE = 'a snapshot is of one collection';
const NAMED = 'a point has one vector, without a name';
const CONTEXTS = 'there is no search by contexts; recommend takes positive and negative examples';
const MATRIX = 'distances between points are not computed; search by each of them';
const QUOTAS = 'limits are those of keys (/api/v1/auth/keys) and of the server';

const C = '/qdrant/collections/:collection';
type Reasons = { readonly [Route in NotServedByQdrant]: string };

/** Why there is not what there is not. */
export const reasons: Reasons = {
  'GET /qdrant/telemetry': 'see /metrics and /health',
  'GET /qdrant/metrics': 'see /metrics, whose names are of our own',
  'GET /qdrant/issues': 'see /health and /api/v1/slow-queries',
  'DELETE /qdrant/issues': 'see /health and /api/v1/slow-queries',
  'GET /qdrant/cluster/telemetry': CLUSTER,
  'POST /qdrant/cluster/recover': CLUSTER,
  'DELETE /qdrant/cluster/peer/:peer': CLUSTER,
  'GET /qdrant/quotas': QUOTAS,
  'PUT /qdrant/quotas': QUOTAS,
  'GET /qdrant/snapshots': WHOLE,
  'POST /qdrant/snapshots': WHOLE,
  'GET /qdrant/snapshots/:snapshot': WHOLE,
  'DELETE /qdrant/snapshots/:snapshot': WHOLE,
  [`GET ${C}/shards`]: SHARDS,
  [`PUT ${C}/shards`]: SHARDS,
  [`POST ${C}/shards/delete`]: SHARDS,
  [`GET ${C}/cluster`]: CLUSTER,
  [`POST ${C}/cluster`]: CLUSTER,
  [`GET ${C}/optimizations`]: 'there are no segments to optimize',
  [`PUT ${C}/vectors/:name`]: NAMED,
  [`DELETE ${C}/vectors/:name`]: NAMED,
  [`POST ${C}/snapshots/upload`]: FILES,
  [`PUT ${C}/snapshots/recover`]: FILES,
  [`GET ${C}/snapshots/:snapshot`]: FILES,
  [`GET ${C}/shards/:shard/snapshot`]: SHARD_SNAPSHOTS,
  [`POST ${C}/shards/:shard/snapshots/upload`]: SHARD_SNAPSHOTS,
  [`PUT ${C}/shards/:shard/snapshots/recover`]: SHARD_SNAPSHOTS,
  [`GET ${C}/shards/:shard/snapshots`]: SHARD_SNAPSHOTS,
  [`POST ${C}/shards/:shard/snapshots`]: SHARD_SNAPSHOTS,
  [`GET ${C}/shards/:shard/snapshots/:snapshot`]: SHARD_SNAPSHOTS,
  [`DELETE ${C}/shards/:shard/snapshots/:snapshot`]: SHARD_SNAPSHOTS,
  [`POST ${C}/points/vectors/delete`]: 'a point has its vector, or is deleted',
  [`POST ${C}/points/discover`]: CONTEXTS,
  [`POST ${C}/points/discover/batch`]: CONTEXTS,
  [`POST ${C}/points/search/matrix/pairs`]: MATRIX,
  [`POST ${C}/points/search/matrix/offsets`]: MATRIX,
};
