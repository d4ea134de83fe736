import { limits } from '@vectorizer/contracts';
import { fieldOf } from './field-of.ts';
import { admin, byName, everybody, read, write, type RouteRule } from './rule.ts';

/** The interface that Qdrant's clients speak: what each route needs is what the route of ours that does the same needs. */
const Q = '/qdrant';
const C = `${Q}/collections/:collection`;
const P = `${C}/points`;

/** What Qdrant has and there is not here. Whoever has a key is told why; on a collection, whoever has that in scope. */
export const notServedByQdrant = [
  `GET ${Q}/telemetry`,
  `GET ${Q}/metrics`,
  `GET ${Q}/issues`,
  `DELETE ${Q}/issues`,
  `GET ${Q}/cluster/telemetry`,
  `POST ${Q}/cluster/recover`,
  `DELETE ${Q}/cluster/peer/:peer`,
  `GET ${Q}/quotas`,
  `PUT ${Q}/quotas`,
  `GET ${Q}/snapshots`,
  `POST ${Q}/snapshots`,
  `GET ${Q}/snapshots/:snapshot`,
  `DELETE ${Q}/snapshots/:snapshot`,
  `GET ${C}/shards`,
  `PUT ${C}/shards`,
  `POST ${C}/shards/delete`,
  `GET ${C}/cluster`,
  `POST ${C}/cluster`,
  `GET ${C}/optimizations`,
  `PUT ${C}/vectors/:name`,
  `DELETE ${C}/vectors/:name`,
  `POST ${C}/snapshots/upload`,
  `PUT ${C}/snapshots/recover`,
  `GET ${C}/snapshots/:snapshot`,
  `GET ${C}/shards/:shard/snapshot`,
  `POST ${C}/shards/:shard/snapshots/upload`,
  `PUT ${C}/shards/:shard/snapshots/recover`,
  `GET ${C}/shards/:shard/snapshots`,
  `POST ${C}/shards/:shard/snapshots`,
  `GET ${C}/shards/:shard/snapshots/:snapshot`,
  `DELETE ${C}/shards/:shard/snapshots/:snapshot`,
  `POST ${P}/vectors/delete`,
  `POST ${P}/discover`,
  `POST ${P}/discover/batch`,
  `POST ${P}/search/matrix/pairs`,
  `POST ${P}/search/matrix/offsets`,
] as const;
export type NotServedByQdrant = (typeof notServedByQdrant)[number];

const served: Readonly<Record<string, RouteRule>> = {
  [`GET ${Q}`]: everybody('qdrant.version'),
  [`GET ${Q}/`]: everybody('qdrant.version'),
  [`GET ${Q}/healthz`]: everybody('health.read'),
  [`GET ${Q}/livez`]: everybody('health.read'),
  [`GET ${Q}/readyz`]: everybody('health.read'),
  [`GET ${Q}/cluster`]: read('qdrant.cluster', 'view_system_stats'),

  [`GET ${Q}/collections`]: read('collections.list', 'list_collections'),
  [`GET ${C}`]: read('collections.read', 'read_collection'),
  [`GET ${C}/exists`]: read('collections.read', 'read_collection'),
  [`PUT ${C}`]: admin('collections.create', 'create_collection', { claims: ['path.collection'] }),
  [`PATCH ${C}`]: admin('collections.change', 'update_collection'),
  [`DELETE ${C}`]: admin('collections.delete', 'delete_collection'),
  [`GET ${Q}/aliases`]: read('aliases.list', 'list_collections'),
  [`GET ${C}/aliases`]: read('aliases.list', 'list_collections'),
  [`POST ${Q}/collections/aliases`]: admin('aliases.put', 'update_collection', {
    names: ['body.actions'],
    claims: ['body.new-aliases'],
  }),
  [`PUT ${C}/index`]: admin('payload-indexes.put', 'update_collection'),
  [`DELETE ${C}/index/:key`]: admin('payload-indexes.delete', 'update_collection'),
  [`GET ${C}/snapshots`]: read('snapshots.list', 'backup_data', byName),
  [`POST ${C}/snapshots`]: admin('snapshots.create', 'backup_data'),
  [`DELETE ${C}/snapshots/:snapshot`]: admin('snapshots.delete', 'backup_data', byName),

  [`PUT ${P}`]: write('vectors.upsert', ['batch_insert', 'batch_update'], { items: pointsIn }),
  [`POST ${P}/delete`]: write('vectors.delete', 'batch_delete', { items: pointsIn }),
  [`POST ${P}/batch`]: write('vectors.batch', ['batch_insert', 'batch_update', 'batch_delete'], { items: pointsInAll }),
  [`PUT ${P}/vectors`]: write('vectors.update', 'batch_update', { items: pointsIn }),
  [`POST ${P}/payload`]: write('vectors.patch', 'batch_update', { items: pointsIn }),
  [`PUT ${P}/payload`]: write('vectors.patch', 'batch_update', { items: pointsIn }),
  [`POST ${P}/payload/delete`]: write('vectors.patch', 'batch_update', { items: pointsIn }),
  [`POST ${P}/payload/clear`]: write('vectors.patch', 'batch_update', { items: pointsIn }),

  [`POST ${P}`]: read('vectors.get', 'get_vector', { items: 'ids' }),
  [`GET ${P}/:id`]: read('vectors.get', 'get_vector'),
  [`POST ${P}/scroll`]: read('vectors.scroll', 'get_vector'),
  [`POST ${P}/count`]: read('vectors.count', 'get_vector'),
  [`POST ${C}/facet`]: read('vectors.facet', 'get_vector'),
  [`POST ${P}/search`]: read('search', 'search_vector'),
  [`POST ${P}/search/batch`]: read('search.batch', 'batch_search', { items: 'searches' }),
  [`POST ${P}/recommend`]: read('search.recommend', 'search_vector'),
  [`POST ${P}/recommend/batch`]: read('search.batch', 'batch_search', { items: 'searches' }),
  [`POST ${P}/query`]: read('search', 'search_vector'),
  [`POST ${P}/query/batch`]: read('search.batch', 'batch_search', { items: 'searches' }),
  [`POST ${P}/search/groups`]: read('search', 'search_vector', { items: groupsIn }),
  [`POST ${P}/recommend/groups`]: read('search.recommend', 'search_vector', { items: groupsIn }),
  [`POST ${P}/query/groups`]: read('search', 'search_vector', { items: groupsIn }),
};

export const qdrantRules: Readonly<Record<string, RouteRule>> = {
  ...served,
  ...Object.fromEntries(notServedByQdrant.map((route) => [route, read('qdrant.not-served', [])])),
};

/** Points as a list, or, by columns, as many as there are ids. */
function pointsIn(body: unknown): number {
  return lengthOf(fieldOf(body, 'points')) + lengthOf(fieldOf(fieldOf(body, 'batch'), 'ids'));
}

/** Where nothing is said of it. */
const GROUPS = 10;

/** Each group is searched by itself. */
function groupsIn(body: unknown): number {
  const limit = fieldOf(body, 'limit');
  return typeof limit === 'number' && limit > 0 ? Math.min(Math.ceil(limit), limits.batchSearchesMax) : GROUPS;
}

/** Of a list of operations, each of which is an object with one field that holds the body of a request of its own. */
function pointsInAll(body: unknown): number {
  const operations = fieldOf(body, 'operations');
  if (!Array.isArray(operations)) return 1;
  let points = 0;
  for (const operation of operations as unknown[]) {
    const [inner]: unknown[] = typeof operation === 'object' && operation !== null ? Object.values(operation) : [];
    points += Math.max(1, pointsIn(inner));
  }
  return points;
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}
