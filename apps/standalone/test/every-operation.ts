import { CollectionName, events, NodeId } from '@vectorizer/contracts';
import { until } from '@vectorizer/testing';
import type { Answered, Asked, DescribedSystem } from './described.ts';

const C = '/api/v1/collections';
const V = `${C}/:collection/vectors`;
const S = `${C}/:collection/snapshots`;
const books = { collection: 'books' };
const filter = { must: [{ key: 'year', range: { lt: 1900 } }] };
const vector = [0.1, 0.9, 0.2];

type Ask = (route: string, asked?: Asked) => Promise<Answered>;

/** Asks every operation for what it is there for, so that each answers what it answers when all is well. */
export async function askEverything(system: DescribedSystem): Promise<void> {
  const ask: Ask = async (route, asked) => system.ask(route, asked);
  await collections(ask);
  await points(ask);
  await searches(ask);
  await snapshots(ask);
  await replication(ask, system);
  await producerEvents(ask, system);
  await access(ask);
  await others(ask);
}

async function collections(ask: Ask): Promise<void> {
  await ask(`POST ${C}`, {
    body: { name: 'books', dimension: 3, payload_indexes: [{ key: 'year', type: 'integer' }] },
  });
  await ask(`POST ${C}`, { body: { name: 'codes', dimension: 3, kind: 'quantized', quantization: { type: 'int8' } } });
  await ask(`GET ${C}`);
  await ask(`GET ${C}/:collection`, { path: books });
  await ask(`PATCH ${C}/:collection`, { path: books, body: { cache: true } });
  const key = { ...books, key: 'author' };
  await ask(`PUT ${C}/:collection/payload-indexes/:key`, { path: key, body: { type: 'keyword' } });
  await ask(`GET ${C}/:collection/payload-indexes`, { path: books });
  await ask(`DELETE ${C}/:collection/payload-indexes/:key`, { path: key });
  const path = { alias: 'current' };
  for (const collection of ['codes', 'books']) await ask('PUT /api/v1/aliases/:alias', { path, body: { collection } });
  await ask('GET /api/v1/aliases');
  await ask('GET /api/v1/aliases/:alias', { path });
  await ask('DELETE /api/v1/aliases/:alias', { path });
}

async function points(ask: Ask): Promise<void> {
  const of = (id: string): object => ({ id, vector, payload: { year: 1850, title: id } });
  const path = { ...books, id: 'a' };
  for (const query of ['wait=applied', 'wait=logged']) {
    const both = { path: books, query };
    await ask(`PUT ${V}`, { ...both, body: { points: [of('a'), of('b'), of('c'), { id: 'bad', vector: [1] }] } });
    await ask(`POST ${V}`, { ...both, body: { points: [of('a'), of(query)] } });
    const operations = [
      { op: 'upsert', ...of('d') },
      { op: 'payload_merge', id: 'd', payload: { read: true } },
      { op: 'update', id: 'none', payload: {} },
      { op: 'delete', id: 'd', if_version: 1 },
    ];
    await ask(`POST ${V}/batch`, { ...both, headers: { 'idempotency-key': query }, body: { operations } });
    await ask(`PUT ${V}/:id`, { path, query, body: { payload: { year: 1965 } } });
    await ask(`PATCH ${V}/:id`, { path, query, body: { merge: { read: true } } });
    await ask(`POST ${V}/delete`, { ...both, body: { ids: ['c', 'nothing'] } });
    await ask(`DELETE ${V}/:id`, { path: { ...books, id: query }, query });
    await ask(`POST ${V}/delete`, { ...both, body: { filter } });
  }
  await ask(`PUT ${V}`, { path: books, body: { points: [of('a'), of('b'), { id: 'bare', vector }] } });
  await ask(`GET ${V}/:id`, { path });
  await ask(`GET ${V}/:id`, { path: { ...books, id: 'bare' } });
  await ask(`POST ${V}/get`, { path: books, body: { ids: ['a', 'z'] } });
  await ask(`POST ${V}/scroll`, {
    path: books,
    body: { limit: 1, filter: { must: [{ key: 'title', exists: true }] } },
  });
  await ask(`POST ${V}/count`, { path: books });
  const found = await ask('GET /api/v1/operations/:id', { path: { id: 'wait=applied' }, query: 'collection=books' });
  if (found.body['status'] !== 'applied') throw new Error(`the write is not known: ${found.text}`);
}

async function searches(ask: Ask): Promise<void> {
  const options = { k: 3, with_vector: true, filter: { should: [{ key: 'title', match: { value: 'a' } }] } };
  await ask(`POST ${C}/:collection/search`, { path: books, body: { vector, ...options } });
  await ask(`POST ${C}/:collection/search/batch`, { path: books, body: { searches: [{ vector }, { vector, k: 1 }] } });
  await ask(`POST ${C}/:collection/search/recommend`, { path: books, body: { positive: ['a'], negative: [vector] } });
  await ask('POST /api/v1/search', { body: { collections: ['books', 'codes'], vector } });
  await ask('GET /api/v1/slow-queries');
}

async function snapshots(ask: Ask): Promise<void> {
  const { body } = await ask(`POST ${S}`, { path: books });
  const path = { ...books, snapshot: String(body['id']) };
  const state = async (of: (body: Answered['body']) => unknown): Promise<boolean> =>
    of((await ask(`GET ${S}/:snapshot`, { path })).body) === 'complete';
  await until(async () => state((each) => each['state']), { what: 'the snapshot' });
  await ask(`GET ${S}`, { path: books });
  const { bytes: raw } = await ask(`GET ${S}/:snapshot/download`, { path });
  const headers = { 'content-type': 'application/x-tar' };
  const uploaded = await ask(`POST ${S}/upload`, { path: books, raw, headers });
  await ask(`DELETE ${S}/:snapshot`, { path: { ...books, snapshot: String(uploaded.body['id']) } });
  await ask(`POST ${S}/:snapshot/restore`, { path, body: { name: 'again' } });
  const restored = async (): Promise<boolean> =>
    state((each) => (each['restore'] as { state?: unknown } | undefined)?.state);
  await until(restored, { what: 'the restore' });
  await ask(`DELETE ${S}/:snapshot`, { path });
  await ask(`DELETE ${C}/:collection`, { path: { collection: 'again' } });
}

async function replication(ask: Ask, { cluster }: DescribedSystem): Promise<void> {
  const R = '/api/v1/replication';
  for (const path of [
    `${R}/status`,
    `${R}/stats`,
    '/replication/status',
    '/replication/stats',
    '/replication/replicas',
  ])
    await ask(`GET ${path}`);
  const { body } = await ask(`GET ${R}/replicas`, { query: 'routable=true' });
  const [replica] = body['replicas'] as { id: string; node: string; collection: string; shard: number }[];
  if (replica === undefined) throw new Error('there is no replica');
  const { id, node, collection, shard } = replica;
  const parts = { node, collection, shard: String(shard) };
  await ask(`GET ${R}/replicas/:id`, { path: { id } });
  await ask(`GET ${R}/replicas/:node/:collection/:shard`, { path: parts });
  await ask(`GET ${R}/proof`, { query: 'collection=books' });
  await ask(`POST ${R}/replicas/:id/resync`, { path: { id } });
  const isBack = async (): Promise<boolean> => {
    const { replicas } = (await ask(`GET ${R}/replicas`)).body;
    return (replicas as { status: string }[]).every(({ status }) => status === 'Connected');
  };
  await until(isBack, { what: 'being built anew' });
  await ask(`POST ${R}/replicas/:node/:collection/:shard/resync`, { path: parts });
  await cluster.side.registry.register({ node: NodeId.parse('gone'), host: '127.0.0.1', port: 1 });
  const listed = async (): Promise<boolean> => (await ask(`GET ${R}/nodes`)).body['count'] === 2;
  await until(listed, { what: 'the node' });
  await ask(`DELETE ${R}/nodes/:node`, { path: { node: 'gone' }, query: 'timeout_ms=500' });
}

async function producerEvents(ask: Ask, { gateway }: DescribedSystem): Promise<void> {
  const subject = events.subject(CollectionName.parse('books'), 'upsert');
  const publish = async (point: object): Promise<string> => {
    const body = Buffer.from(JSON.stringify(point));
    return String(await gateway.eventQueue.publish({ subject, body, headers: { 'X-Correlation-ID': 'event' } }));
  };
  const query = 'collection=books';
  const good = await publish({ id: 'told', vector });
  await ask('GET /api/v1/events/:sequence/token', { path: { sequence: good }, query });
  for (const id of ['x', 'y']) {
    const sequence = await publish({ id, vector: [1] });
    await ask('GET /api/v1/events/:sequence/token', { path: { sequence }, query });
  }
  const L = '/api/v1/events/dead-letters';
  const { body } = await ask(`GET ${L}`);
  const [first, second] = body['dead_letters'] as { sequence: number }[];
  const path = { sequence: String(first?.sequence) };
  await ask(`GET ${L}/:sequence`, { path });
  await ask(`POST ${L}/:sequence/retry`, { path });
  await ask(`DELETE ${L}/:sequence`, { path: { sequence: String(second?.sequence) } });
}

async function access(ask: Ask): Promise<void> {
  const [K, R] = ['/api/v1/auth/keys', '/api/v1/auth/roles'];
  await ask('GET /api/v1/auth/me');
  const { body } = await ask(`POST ${K}`, { body: { name: 'clerk', roles: ['viewer'], expires_in: 3_600 } });
  const path = { key: String(body['id']) };
  await ask(`GET ${K}`);
  await ask(`GET ${K}/:key`, { path });
  await ask(`POST ${K}/:key/rotate`, { path, body: { grace_s: 60 } });
  await ask(`DELETE ${K}/:key`, { path });
  await ask(`PUT ${R}/:role`, { path: { role: 'clerk' }, body: { permissions: ['get_vector'] } });
  await ask(`GET ${R}`);
  await ask(`DELETE ${R}/:role`, { path: { role: 'clerk' } });
  await ask('GET /api/v1/audit', { query: 'limit=50' });
  await ask('GET /api/v1/audit/chain');
}

async function others(ask: Ask): Promise<void> {
  for (const path of ['health', 'health/live', 'health/ready', 'metrics', 'openapi.json']) await ask(`GET /${path}`);
  await ask('GET /api/v1/logs', { query: 'correlation_id=import-7' });
  await ask('GET /api/v1/log-level');
  await ask('PUT /api/v1/log-level', { body: { level: 'info', service: 'query', for_s: 1 } });
  await ask(`DELETE ${C}/:collection`, { path: { collection: 'codes' } });
}
