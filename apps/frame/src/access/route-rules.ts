import { qdrantRules } from './qdrant-rules.ts';
import { admin, byName, everybody, read, write, type RouteRule } from './rule.ts';

const V1 = '/api/v1';
const C = `${V1}/collections/:collection`;
const LETTERS = `${V1}/events/dead-letters`;
const REPLICA = `${V1}/replication/replicas`;
const ofReplica = { names: ['path.id'] } as const;
const inQuery = { names: ['query.collection'] } as const;
const ofAlias = { names: ['path.alias'] } as const;

/**
 * Every route of every service, and what it takes to use it: the one place that says so. A route that is not here is
 * answered with 403 to everybody, and a test fails. Of a route with `:collection` in its path that collection is always
 * checked against the caller's scope, and need not be named.
 */
const rules: Readonly<Record<string, RouteRule>> = {
  'GET /health': everybody('health.read'),
  'GET /health/live': everybody('health.read'),
  'GET /health/ready': everybody('health.read'),
  'GET /openapi.json': everybody('openapi.read'),
  'GET /metrics': read('metrics.read', 'view_metrics', { whole: true }),

  [`GET ${V1}/collections`]: read('collections.list', 'list_collections'),
  [`POST ${V1}/collections`]: admin('collections.create', 'create_collection', { claims: ['body.name'] }),
  [`GET ${C}`]: read('collections.read', 'read_collection'),
  [`PATCH ${C}`]: admin('collections.change', 'update_collection'),
  [`DELETE ${C}`]: admin('collections.delete', 'delete_collection'),
  [`GET ${C}/payload-indexes`]: read('payload-indexes.list', 'read_collection'),
  [`PUT ${C}/payload-indexes/:key`]: admin('payload-indexes.put', 'update_collection'),
  [`DELETE ${C}/payload-indexes/:key`]: admin('payload-indexes.delete', 'update_collection'),
  [`GET ${V1}/aliases`]: read('aliases.list', 'list_collections'),
  [`GET ${V1}/aliases/:alias`]: read('aliases.read', 'read_collection', ofAlias),
  [`PUT ${V1}/aliases/:alias`]: admin('aliases.put', 'update_collection', {
    names: ['body.collection'],
    claims: ['path.alias'],
  }),
  [`DELETE ${V1}/aliases/:alias`]: admin('aliases.delete', 'update_collection', ofAlias),

  [`PUT ${C}/vectors`]: write('vectors.upsert', ['batch_insert', 'batch_update'], { items: 'points' }),
  [`POST ${C}/vectors`]: write('vectors.insert', 'batch_insert', { items: 'points' }),
  [`POST ${C}/vectors/batch`]: write('vectors.batch', ['batch_insert', 'batch_update', 'batch_delete'], {
    items: 'operations',
  }),
  [`POST ${C}/vectors/delete`]: write('vectors.delete', 'batch_delete', { items: 'ids' }),
  [`POST ${C}/vectors/get`]: read('vectors.get', 'get_vector', { items: 'ids' }),
  [`POST ${C}/vectors/scroll`]: read('vectors.scroll', 'get_vector'),
  [`POST ${C}/vectors/count`]: read('vectors.count', 'get_vector'),
  [`GET ${C}/vectors/:id`]: read('vectors.get', 'get_vector'),
  [`PUT ${C}/vectors/:id`]: write('vectors.update', 'update_vector'),
  [`PATCH ${C}/vectors/:id`]: write('vectors.patch', 'update_vector'),
  [`DELETE ${C}/vectors/:id`]: write('vectors.delete', 'delete_vector'),
  [`POST ${C}/search`]: read('search', 'search_vector'),
  [`POST ${C}/search/batch`]: read('search.batch', 'batch_search', { items: 'searches' }),
  [`POST ${C}/search/recommend`]: read('search.recommend', 'search_vector'),
  [`POST ${V1}/search`]: read('search.many', 'search_vector', { names: ['body.collections'], items: 'collections' }),
  [`GET ${C}/changes`]: read('changes.follow', 'get_vector', { endless: true }),
  [`POST ${C}/changes`]: read('changes.follow', 'get_vector', { endless: true }),
  [`GET ${V1}/operations/:id`]: read('operations.read', 'read_collection', inQuery),

  [`GET ${V1}/logs`]: read('logs.read', 'view_audit_logs', { whole: true }),
  [`GET ${V1}/log-level`]: read('log-level.read', 'view_system_stats'),
  [`PUT ${V1}/log-level`]: admin('log-level.change', 'configure_server', { whole: true }),
  [`GET ${V1}/slow-queries`]: read('slow-queries.list', 'view_system_stats', inQuery),

  [`GET ${V1}/events/:sequence/token`]: read('events.token', 'read_collection', inQuery),
  [`GET ${LETTERS}`]: read('dead-letters.list', ['view_system_stats', 'get_vector'], { whole: true }),
  [`GET ${LETTERS}/:sequence`]: read('dead-letters.read', ['view_system_stats', 'get_vector'], { whole: true }),
  [`POST ${LETTERS}/:sequence/retry`]: admin('dead-letters.retry', 'configure_server', { whole: true }),
  [`DELETE ${LETTERS}/:sequence`]: admin('dead-letters.drop', 'configure_server', { whole: true }),

  [`GET ${C}/snapshots`]: read('snapshots.list', 'backup_data', byName),
  [`POST ${C}/snapshots`]: admin('snapshots.create', 'backup_data'),
  [`POST ${C}/snapshots/upload`]: admin('snapshots.upload', 'restore_data', { endless: true }),
  [`GET ${C}/snapshots/:snapshot`]: read('snapshots.read', 'backup_data', byName),
  [`DELETE ${C}/snapshots/:snapshot`]: admin('snapshots.delete', 'backup_data', byName),
  [`GET ${C}/snapshots/:snapshot/download`]: admin('snapshots.download', 'backup_data', {
    ...byName,
    endless: true,
  }),
  [`POST ${C}/snapshots/:snapshot/restore`]: admin('snapshots.restore', 'restore_data', {
    claims: [...byName.claims, 'body.name'],
  }),

  [`GET ${V1}/replication/status`]: read('replication.read', 'view_system_stats'),
  [`GET ${V1}/replication/stats`]: read('replication.read', 'view_system_stats'),
  [`GET ${REPLICA}`]: read('replication.read', 'view_system_stats'),
  [`GET ${REPLICA}/:id`]: read('replication.read', 'view_system_stats', ofReplica),
  [`GET ${REPLICA}/:node/:collection/:shard`]: read('replication.read', 'view_system_stats'),
  [`POST ${REPLICA}/:id/resync`]: admin('replication.resync', 'manage_replication', ofReplica),
  [`POST ${REPLICA}/:node/:collection/:shard/resync`]: admin('replication.resync', 'manage_replication'),
  [`GET ${V1}/replication/nodes`]: read('replication.nodes', 'view_system_stats', { whole: true }),
  [`DELETE ${V1}/replication/nodes/:node`]: admin('nodes.remove', 'manage_replication', { whole: true }),
  [`GET ${V1}/replication/proof`]: read('replication.proof', 'view_system_stats', inQuery),
  [`GET ${V1}/replication/events`]: read('replication.events', 'view_system_stats', { endless: true }),
  'GET /replication/status': read('replication.read', 'view_system_stats'),
  'GET /replication/stats': read('replication.read', 'view_system_stats'),
  'GET /replication/replicas': read('replication.read', 'view_system_stats'),

  [`GET ${V1}/dashboard/stream`]: read('dashboard.stream', 'view_system_stats', { whole: true, endless: true }),

  [`GET ${V1}/audit`]: read('audit.read', 'view_audit_logs', { whole: true }),
  [`GET ${V1}/audit/chain`]: read('audit.read', 'view_audit_logs', { whole: true }),
  [`GET ${V1}/auth/me`]: read('auth.me', []),
  [`GET ${V1}/auth/keys`]: read('keys.list', 'manage_api_keys'),
  [`POST ${V1}/auth/keys`]: admin('keys.create', 'manage_api_keys'),
  [`GET ${V1}/auth/keys/:key`]: read('keys.read', 'manage_api_keys'),
  [`DELETE ${V1}/auth/keys/:key`]: admin('keys.revoke', 'manage_api_keys'),
  [`POST ${V1}/auth/keys/:key/rotate`]: admin('keys.rotate', 'manage_api_keys'),
  [`GET ${V1}/auth/roles`]: read('roles.list', 'manage_api_keys'),
  [`PUT ${V1}/auth/roles/:role`]: admin('roles.put', 'manage_api_keys'),
  [`DELETE ${V1}/auth/roles/:role`]: admin('roles.delete', 'manage_api_keys'),

  ...qdrantRules,
};

const IN_PATH = /\/:collection(?=\/|$)/;

/** With what follows from the paths. */
const complete: ReadonlyMap<string, RouteRule> = new Map(
  Object.entries(rules).map(([route, found]) => [
    route,
    IN_PATH.test(route) ? { ...found, names: ['path.collection', ...found.names] } : found,
  ]),
);

/** Each route of the table, as `GET /path/:name`. */
export const routes: readonly string[] = [...complete.keys()];

/** The files of pages, of which each is a route: they hold nothing, and what they show they ask for with a key. */
const pages = { dashboard: everybody('dashboard.read'), docs: everybody('docs.read') } as const;

function pageOf(route: string): RouteRule | undefined {
  const [, page] = /^GET \/(dashboard|docs)(?:$|\/[^:*]*$)/.exec(route) ?? [];
  return page === undefined ? undefined : pages[page as keyof typeof pages];
}

/** The rule of a route, by its method and the pattern of its path. HEAD is as GET. */
export function ruleOf(method: string, pattern: string): RouteRule | undefined {
  const route = `${method === 'HEAD' ? 'GET' : method} ${pattern}`;
  return complete.get(route) ?? pageOf(route);
}
