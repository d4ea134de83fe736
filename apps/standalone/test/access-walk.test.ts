import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KeyId, type NewKey } from '@vectorizer/contracts';
import { createHealthApp, notServedByQdrant, ruleOf, type RouteRule, type ServiceApp } from '@vectorizer/frame';
import { createGatewayApp } from '@vectorizer/gateway';
import { createIndexApp, OwnReplication } from '@vectorizer/index';
import { Ingest } from '@vectorizer/ingest';
import { Query } from '@vectorizer/query';
import { Monitor } from '@vectorizer/replication-monitor';
import { createLogger } from '@vectorizer/telemetry';
import { startNats, until, type NatsServer } from '@vectorizer/testing';
import { openProcess, type Process } from './cluster.ts';

const logger = createLogger({ service: 'walk', level: 'silent' });
const PLACE = { host: '127.0.0.1', port: 0, logger, checks: [] };
const MINE = 'mine';

type Service = { readonly name: string; readonly process: Process; readonly app: ServiceApp; readonly url: string };
type Walked = { readonly service: string; readonly method: string; readonly pattern: string; readonly rule: RouteRule };
type Outcome = 'refused as unknown' | 'refused as not allowed' | 'let through';

/** Who comes, and what of the routes is for them. */
type Identity = {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: for nobody without a good key. */
  readonly grants?: { readonly roles: readonly string[]; readonly collections: readonly string[] };
};

/** Reads that take a body. All else that is not GET changes something. */
const READS_BY_POST: ReadonlySet<string> = new Set([
  ...['vectors/get', 'vectors/scroll', 'vectors/count', 'search', 'search/batch', 'search/recommend', 'changes'].map(
    (path) => `POST /api/v1/collections/:collection/${path}`,
  ),
  'POST /api/v1/search',
  ...[
    '',
    '/scroll',
    '/count',
    '/search',
    '/search/batch',
    '/search/groups',
    '/recommend',
    '/recommend/batch',
    '/recommend/groups',
    '/query',
    '/query/batch',
    '/query/groups',
  ].map((path) => `POST /qdrant/collections/:collection/points${path}`),
  'POST /qdrant/collections/:collection/facet',
  // These do nothing at all.
  ...notServedByQdrant,
]);
/** Of what changes something, all that an editor may. */
const BY_EDITORS: readonly RegExp[] = [
  /^POST \/api\/v1\/collections$/,
  /^PATCH \/api\/v1\/collections\/:collection$/,
  /^(PUT|DELETE) \/api\/v1\/collections\/:collection\/payload-indexes\/:key$/,
  /^(PUT|DELETE) \/api\/v1\/aliases\/:alias$/,
  /^(PUT|POST|PATCH|DELETE) \/api\/v1\/collections\/:collection\/vectors/,
  /^(PUT|PATCH) \/qdrant\/collections\/:collection$/,
  /^(PUT|DELETE) \/qdrant\/collections\/:collection\/index/,
  /^POST \/qdrant\/collections\/aliases$/,
  /^(PUT|POST) \/qdrant\/collections\/:collection\/points/,
];
const forEditors = (route: string): boolean => BY_EDITORS.some((each) => each.test(route));
const NOT_BY_EDITORS = /\/auth\/(keys|roles)|\/audit|\/snapshots|\/metrics$/;

describe('the routes of all services', () => {
  let nats: NatsServer;
  const services: Service[] = [];
  let monitor: Monitor;
  const identities: Identity[] = [];

  beforeAll(async () => {
    nats = await startNats();
    for (const name of ['gateway', 'ingest', 'query', 'replication-monitor', 'index']) {
      const process = await openProcess(nats);
      const app = await createApp(name, process);
      if (name === 'ingest') new Ingest(process).serve();
      if (name === 'query') new Query(process).serve();
      services.push({ name, process, app, url: (await app.listen()).url });
    }
    const [, , , side] = services;
    if (side === undefined) throw new Error('the monitor is a service');
    monitor = new Monitor(side.process);
    monitor.serve();
    identities.push(...(await makeIdentities(services)));
  });

  afterAll(async () => {
    await monitor.close();
    for (const { app, process } of services) {
      await app.close();
      await process.close();
    }
    await nats[Symbol.asyncDispose]();
  });

  const walked = (): Walked[] =>
    services.flatMap(({ name, process }) =>
      process.access.guard.routes.flatMap(({ method, pattern }) => {
        const rule = ruleOf(method, pattern);
        return rule === undefined ? [] : [{ service: name, method, pattern, rule }];
      }),
    );

  it('are all in the table', () => {
    const routes = services.flatMap(({ process }) => process.access.guard.routes);
    expect(routes.length).toBeGreaterThan(60);
    expect(routes.filter(({ method, pattern }) => ruleOf(method, pattern) === undefined)).toEqual([]);
  });

  it('let viewers read and nothing else, and editors change nothing but what is theirs', () => {
    const roles = services[0]?.process.access.roles;
    const mayUse = (role: string, { needs }: RouteRule): boolean =>
      needs === 'public' || needs.every((permission) => roles?.permissionsOf(role)?.has(permission));
    const all = walked().map(({ method, pattern, rule }) => ({
      route: `${method} ${pattern}`,
      reads: method === 'GET' || method === 'HEAD' || READS_BY_POST.has(`${method} ${pattern}`),
      effect: rule.effect,
      by: { viewer: mayUse('viewer', rule), editor: mayUse('editor', rule), admin: mayUse('admin', rule) },
    }));
    const changing = all.filter(({ reads }) => !reads);
    expect(changing.filter(({ effect, by }) => effect === 'read' || by.viewer)).toEqual([]);
    expect(changing.filter(({ route, by }) => by.editor !== forEditors(route))).toEqual([]);
    const notServed: ReadonlySet<string> = new Set(notServedByQdrant);
    const closed = all.filter(
      ({ route }) => NOT_BY_EDITORS.test(route) && !notServed.has(route.replace(/^HEAD/, 'GET')),
    );
    expect(closed.filter(({ by }) => by.editor)).toEqual([]);
    expect(all.filter(({ by }) => !by.admin)).toEqual([]);
  });

  it('are used by those alone whom they are for', async () => {
    const unexpected: string[] = [];
    let asked = 0;
    for (const {
      name,
      url,
      process: { access },
    } of services) {
      for (const { method, pattern } of access.guard.routes) {
        const rule = ruleOf(method, pattern);
        if (rule === undefined) throw new Error(`${method} ${pattern} is not in the table`);
        const walk = async (identity: Identity): Promise<void> => {
          const outcome = await tryRoute(`${url}${pathOf(pattern)}`, method, identity.headers);
          asked += 1;
          if (outcome === expected(rule, identity, access)) return;
          unexpected.push(`${name} ${method} ${pattern} as ${identity.name}: ${outcome}`);
        };
        await Promise.all(identities.map(walk));
      }
    }
    const routes = new Set(walked().map(({ service, method, pattern }) => `${service} ${method} ${pattern}`)).size;
    const line = `${routes} routes × ${identities.length} identities: ${asked} requests, ${unexpected.length} unexpected`;
    process.stdout.write(`${line}\n`);
    expect(unexpected).toEqual([]);
    expect(asked).toBe(routes * identities.length);
  });
});

async function createApp(name: string, process: Process): Promise<ServiceApp> {
  if (name === 'gateway') return createGatewayApp({ ...process, ...PLACE, service: name });
  if (name !== 'index') return createHealthApp({ ...process, ...PLACE, service: name });
  const replication = new OwnReplication({ replicas: () => [], log: process.log });
  return createIndexApp({ ...process, ...PLACE, service: name, replication });
}

async function makeIdentities(services: readonly Service[]): Promise<Identity[]> {
  const { keys, roles } = services[0]?.process.access ?? {};
  if (keys === undefined || roles === undefined) throw new Error('the gateway comes first');
  await roles.put('metrics', ['view_metrics']);
  await roles.put('fleeting', ['list_collections']);
  const made = async (name: string, given: Partial<NewKey>): Promise<Identity> => {
    const settings = { name, roles: ['admin'], collections: ['*'], events: [], rate: { tier: 'unlimited' }, ...given };
    const { key } = await keys.create(settings, 'test');
    const { roles: names, collections } = settings;
    return { name, headers: { authorization: `Bearer ${key}` }, grants: { roles: names, collections } };
  };
  const root = await made('admin', {});
  const key = root.headers['authorization'] ?? '';
  const bad = async (name: string, given: Partial<NewKey>): Promise<Identity> => {
    const { headers } = await made(name, given);
    return { name, headers };
  };
  const revoked = await bad('a revoked key', {});
  await keys.revoke(KeyId.parse(revoked.headers['authorization']?.slice(10, 22)));
  const expired = await bad('an expired key', { expires_in: 1 });
  const gone = await made('a key whose role is gone', { roles: ['fleeting'] });
  await roles.delete('fleeting');
  const all = [
    { name: 'nobody', headers: {} },
    { name: 'a wrong key', headers: { authorization: `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}` } },
    { name: 'a truncated key', headers: { authorization: key.slice(0, -5) } },
    { name: 'another scheme', headers: { authorization: key.replace('Bearer', 'Basic') } },
    revoked,
    expired,
    gone,
    await made('viewer', { roles: ['viewer'] }),
    await made('editor', { roles: ['editor'] }),
    root,
    await made('a role of its own', { roles: ['metrics'] }),
    await made('admin of this collection', { collections: [MINE, 'other-*'] }),
    await made('admin of other collections', { collections: ['other-*'] }),
    await made('admin of none', { collections: [] }),
  ];
  await everywhere(services, { good: root, bad: [revoked, expired] });
  return all;
}

/** Until every service knows of the keys what the first one does. */
async function everywhere(
  services: readonly Service[],
  { good, bad }: { readonly good: Identity; readonly bad: readonly Identity[] },
): Promise<void> {
  const textOf = ({ headers }: Identity): string => headers['authorization']?.slice(7) ?? '';
  const knows = ({ process: { access } }: Service): boolean => {
    const isGood = (identity: Identity): boolean => access.keys.find(textOf(identity), Date.now()) !== undefined;
    const settled = access.keys.list().length === services[0]?.process.access.keys.list().length;
    const rolesSettled = access.roles.list().length === services[0]?.process.access.roles.list().length;
    return settled && rolesSettled && isGood(good) && !bad.some(isGood);
  };
  await until(() => services.every(knows));
}

const PARAMETERS: Readonly<Record<string, string>> = {
  collection: MINE,
  alias: MINE,
  id: `node%2F${MINE}%2F0`,
  node: 'node',
  shard: '0',
  key: 'aaaaaaaaaaaa',
  role: 'nothing',
  snapshot: 'a'.repeat(16),
};

/** With what each route needs to find a collection. */
function pathOf(pattern: string): string {
  const path = pattern.replaceAll(/:([a-z]+)/g, (_, name: string) => PARAMETERS[name] ?? 'x');
  return `${path}?collection=${MINE}`;
}

async function tryRoute(url: string, method: string, headers: Readonly<Record<string, string>>): Promise<Outcome> {
  const bodyless = ['GET', 'HEAD', 'DELETE'].includes(method);
  const type = bodyless ? {} : { 'content-type': 'application/json' };
  // A connection of its own, which ends with the answer, or with our interest in it.
  const asked = request(url, { method, headers: { ...headers, ...type }, agent: false });
  // Names what it makes or moves, so that its scope is looked at; the rest is for the route to refuse.
  const actions = [{ create_alias: { collection_name: MINE, alias_name: MINE } }];
  asked.end(bodyless ? undefined : JSON.stringify({ name: MINE, collection: MINE, collections: [MINE], actions }));
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  const { statusCode: status = 0 } = answer;
  if (method !== 'HEAD' && status >= 400) {
    const check = new URL(url).pathname.startsWith('/qdrant') ? checkQdrantShape : checkShape;
    check(answer, await text(answer));
  }
  asked.destroy();
  if (status === 401) return 'refused as unknown';
  return status === 403 ? 'refused as not allowed' : 'let through';
}

function checkShape({ statusCode, headers }: IncomingMessage, body: string): void {
  const { error } = JSON.parse(body) as { error: { type: string; correlation_id: string } };
  expect(error.correlation_id).toBe(headers['x-correlation-id']);
  if (statusCode === 401) expect(error.type).toBe('authentication_error');
  if (statusCode === 403) expect(error.type).toBe('authorization_error');
}

function checkQdrantShape({ headers }: IncomingMessage, body: string): void {
  expect(headers['x-correlation-id']).toMatch(/./);
  expect(JSON.parse(body)).toEqual({ status: { error: expect.stringMatching(/./) }, time: expect.any(Number) });
}

function expected(rule: RouteRule, { grants }: Identity, access: Process['access']): Outcome {
  if (rule.needs === 'public') return 'let through';
  if (grants === undefined) return 'refused as unknown';
  const permissions = access.authenticator.permissionsOf(grants.roles);
  if (!rule.needs.every((permission) => permissions.has(permission))) return 'refused as not allowed';
  const named = rule.names.length + rule.claims.length > 0;
  if (rule.whole && !grants.collections.includes('*')) return 'refused as not allowed';
  const inScope = grants.collections.includes('*') || grants.collections.includes(MINE);
  return named && !inScope ? 'refused as not allowed' : 'let through';
}
