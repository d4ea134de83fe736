import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { newKeyId, newKeyText } from '@vectorizer/cluster';
import { KeyId } from '@vectorizer/contracts';
import { secureStart } from '@vectorizer/frame';
import { createLogger } from '@vectorizer/telemetry';
import { temporaryDirectory, startSlowdown, until } from '@vectorizer/testing';
import { startGateway, type Gateway } from './fixture.ts';

type Answer = { readonly status: number; readonly body: Record<string, unknown>; readonly headers: object };
type Made = { readonly id: string; readonly key: string };
const C = '/api/v1/collections';
const KEYS = '/api/v1/auth/keys';
const ADMIN = { name: 'root', roles: ['admin'] };

async function ask(
  gateway: Gateway,
  route: string,
  { key, body }: { key?: string; body?: object } = {},
): Promise<Answer> {
  const [method = 'GET', url = ''] = route.split(' ');
  const answer = await gateway.app.inject({
    method: method as 'GET',
    url,
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    ...(body !== undefined && { payload: body }),
  });
  return { status: answer.statusCode, body: answer.json(), headers: answer.headers };
}

async function make(gateway: Gateway, body: object, key?: string): Promise<Made> {
  const answer = await ask(gateway, `POST ${KEYS}`, { body, ...(key !== undefined && { key }) });
  expect(answer).toMatchObject({ status: 201 });
  return answer.body as Made;
}

type Stream = { readonly hasEnded: () => boolean; close(): Promise<void> };

async function watch(url: string, key?: string): Promise<Stream> {
  const stopping = new AbortController();
  const headers = key === undefined ? {} : { 'x-api-key': key };
  const answer = await fetch(`${url}/api/v1/dashboard/stream`, { headers, signal: stopping.signal });
  expect(answer.status).toBe(200);
  let hasEnded = false;
  const reading = Array.fromAsync(answer.body ?? [])
    .catch(() => undefined)
    .finally(() => (hasEnded = true));
  return {
    hasEnded: () => hasEnded,
    async close() {
      stopping.abort();
      await reading;
    },
  };
}

const ends = async ({ hasEnded }: Stream): Promise<void> => until(hasEnded);
const typeOf = ({ body }: Answer): unknown => (body['error'] as { type: unknown }).type;

describe('metrics that are open', () => {
  it('are so to a scraper that asks itself, and to nobody through a proxy', async () => {
    await using gateway = await startGateway({ openMetrics: true });
    const { key } = await make(gateway, ADMIN);
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await gateway.app.inject({ url: '/metrics', headers })).statusCode;
    expect(await status({})).toBe(200);
    expect(await status({ 'x-forwarded-for': '10.0.0.1' })).toBe(401);
    expect(await status({ forwarded: 'for=10.0.0.1' })).toBe(401);
    expect(await status({ 'x-forwarded-for': '10.0.0.1', 'x-api-key': key })).toBe(200);
  });
});

describe('a system without keys', () => {
  it('is open on loopback, and closed to everybody without one from the first key on', async () => {
    await using gateway = await startGateway();
    expect(await ask(gateway, 'GET /api/v1/auth/me')).toMatchObject({ status: 200, body: { kind: 'open' } });
    const { key } = await make(gateway, ADMIN);
    const refused = await ask(gateway, `GET ${C}`);
    expect([refused.status, typeOf(refused)]).toEqual([401, 'authentication_error']);
    expect(refused.headers).toMatchObject({ 'www-authenticate': 'Bearer realm="vectorizer"' });
    expect(await ask(gateway, `GET ${C}`, { key })).toMatchObject({ status: 200 });
    expect(await ask(gateway, 'GET /health/live')).toMatchObject({ status: 200 });
  });

  it('takes as its first key only one that can make the others', async () => {
    await using gateway = await startGateway();
    for (const body of [
      { name: 'a', roles: ['editor'] },
      { ...ADMIN, collections: ['books'] },
      { ...ADMIN, expires_in: 60 },
    ]) {
      expect(await ask(gateway, `POST ${KEYS}`, { body })).toMatchObject({ status: 400 });
    }
    expect(gateway.access.isOpen).toBe(true);
  });

  it('takes as its first key one that is in a file, for all gateways the same, and no file that holds none', async () => {
    await using directory = await temporaryDirectory();
    const bootstrapKeyFile = join(directory.path, 'admin.key');
    await writeFile(bootstrapKeyFile, 'no key');
    await using open = await startGateway();
    const logger = createLogger({ service: 'gateway', level: 'silent' });
    const start = secureStart({ ...open, host: '127.0.0.1', logger, bootstrapKeyFile });
    await expect(start).rejects.toThrow('what is there is no key');
    const key = newKeyText(newKeyId());
    await writeFile(bootstrapKeyFile, `${key}\n`, { mode: 0o400 });
    const settings = { bootstrapKeyFile, beside: open.nats };
    await using stack = new AsyncDisposableStack();
    const [gateway, other] = await Promise.all([startGateway(settings), startGateway(settings)]);
    for (const each of [gateway, other]) {
      stack.use(each);
      await until(async () => (await ask(each, `GET ${C}`, { key })).status === 200);
    }
    const { body } = await ask(gateway, `GET ${KEYS}`, { key });
    expect(body['keys']).toMatchObject([{ name: 'bootstrap', roles: ['admin'], id: key.slice(3, 15) }]);
    await ask(gateway, `DELETE ${KEYS}/${key.slice(3, 15)}`, { key });
    await using later = await startGateway(settings);
    expect(await ask(later, `GET ${C}`, { key })).toMatchObject({ status: 401 });
  });

  it('answers nobody who came by a foreign name', async () => {
    await using gateway = await startGateway();
    const by = async (host: string): Promise<number> =>
      (await gateway.app.inject({ url: C, headers: { host } })).statusCode;
    expect([await by('evil.example'), await by('127.0.0.1:15002'), await by('[::1]:80')]).toEqual([403, 200, 200]);
  });

  it('lets no page of elsewhere change anything', async () => {
    const allowed = 'https://app.example';
    await using gateway = await startGateway({ corsOrigins: [allowed] });
    const from = async (origin: string, method: 'GET' | 'DELETE' = 'DELETE'): Promise<number> =>
      (await gateway.app.inject({ method, url: `${C}/books`, headers: { origin } })).statusCode;
    for (const origin of ['https://evil.example', 'null']) expect(await from(origin)).toBe(403);
    for (const origin of [allowed, 'http://localhost:3000', 'http://127.0.0.1']) expect(await from(origin)).toBe(404);
    expect(await from('https://evil.example', 'GET')).toBe(404);
  });

  it('stays closed when all its keys are revoked', async () => {
    await using gateway = await startGateway();
    const { id, key } = await make(gateway, ADMIN);
    expect(await ask(gateway, `DELETE ${KEYS}/${id}`, { key })).toMatchObject({ status: 200, body: { active: false } });
    expect(await ask(gateway, `GET ${C}`, { key })).toMatchObject({ status: 401 });
    expect(await ask(gateway, `GET ${C}`)).toMatchObject({ status: 401 });
  });
});

describe('a key', () => {
  it('is shown once, stored as a hash, and never again', async () => {
    await using gateway = await startGateway();
    const { id, key } = await make(gateway, ADMIN);
    expect(key).toMatch(new RegExp(`^vz_${id}_[A-Za-z0-9_-]{43}$`));
    for (const path of [KEYS, `${KEYS}/${id}`]) {
      const text = JSON.stringify((await ask(gateway, `GET ${path}`, { key })).body);
      expect(text).toContain(id);
      expect(text).not.toContain(key.slice(16));
      expect(text).not.toMatch(/hash|previous/);
    }
  });

  it('is one only as a whole, in a header, and alone', async () => {
    await using gateway = await startGateway();
    const { key } = await make(gateway, ADMIN);
    const bitFlipped = (at: number): string =>
      key.slice(0, at) + String.fromCharCode(key.charCodeAt(at) ^ 1) + key.slice(at + 1);
    const other = await make(gateway, ADMIN, key);
    const swapped = key.slice(0, 16) + other.key.slice(16);
    const bad = [key.slice(0, -1), `${key}A`, ` ${key}x`, swapped, '', 'vz_', key.toUpperCase(), `${key} ${key}`];
    for (const text of [...bad, ...Array.from(key, (_, at) => bitFlipped(at))]) {
      expect([text, (await ask(gateway, `GET ${C}`, { key: text })).status]).toEqual([text, 401]);
    }
    const by = async (headers: Record<string, string>, url = C): Promise<number> =>
      (await gateway.app.inject({ url, headers })).statusCode;
    expect(await by({ 'x-api-key': key })).toBe(200);
    expect(await by({ authorization: `bearer ${key}` })).toBe(200);
    expect(await by({ authorization: `Basic ${key}` })).toBe(401);
    expect(await by({ authorization: `Bearer ${key}`, 'x-api-key': other.key })).toBe(401);
    expect(await by({}, `${C}?api_key=${key}`)).toBe(401);
  });

  it('is good until it expires', async () => {
    await using gateway = await startGateway();
    const { key: root } = await make(gateway, ADMIN);
    const { key } = await make(gateway, { name: 'brief', roles: ['viewer'], expires_in: 1 }, root);
    expect(await ask(gateway, `GET ${C}`, { key })).toMatchObject({ status: 200 });
    await until(async () => (await ask(gateway, `GET ${C}`, { key })).status === 401);
  });

  it('is not rotated while a role of it is away, by somebody who might get more than they may', async () => {
    await using gateway = await startGateway();
    const { key: root } = await make(gateway, ADMIN);
    const ops = { key: root, body: { permissions: ['manage_api_keys', 'delete_collection'] } };
    await ask(gateway, 'PUT /api/v1/auth/roles/ops', ops);
    const { id } = await make(gateway, { name: 'ops', roles: ['ops'] }, root);
    await ask(gateway, 'PUT /api/v1/auth/roles/keeper', { key: root, body: { permissions: ['manage_api_keys'] } });
    const { key: keeper } = await make(gateway, { name: 'keeper', roles: ['keeper'] }, root);
    const rotate = async (key: string): Promise<number> =>
      (await ask(gateway, `POST ${KEYS}/${id}/rotate`, { key, body: {} })).status;
    expect(await rotate(keeper)).toBe(403);
    await ask(gateway, 'DELETE /api/v1/auth/roles/ops', { key: root });
    expect(await rotate(keeper)).toBe(400);
    await ask(gateway, 'PUT /api/v1/auth/roles/ops', ops);
    expect(await rotate(root)).toBe(200);
  });

  it('can be rotated: both are good for the grace time, and the older no longer', async () => {
    await using gateway = await startGateway();
    const { id, key: first } = await make(gateway, ADMIN);
    const rotate = async (key: string, grace_s: number): Promise<string> => {
      const answer = await ask(gateway, `POST ${KEYS}/${id}/rotate`, { key, body: { grace_s } });
      expect(answer).toMatchObject({ status: 200, body: { id } });
      return String(answer.body['key']);
    };
    const second = await rotate(first, 1);
    const statusOf = async (key: string): Promise<number> => (await ask(gateway, `GET ${C}`, { key })).status;
    expect([await statusOf(first), await statusOf(second)]).toEqual([200, 200]);
    await until(async () => (await statusOf(first)) === 401);
    const third = await rotate(second, 0);
    expect([await statusOf(second), await statusOf(third)]).toEqual([401, 200]);
  });

  it('is good, changed and revoked on every gateway within a second', async () => {
    await using gateway = await startGateway();
    await using other = await startGateway({ beside: gateway.nats });
    const { key: root } = await make(gateway, ADMIN);
    const slowdown = startSlowdown();
    const waitsMs: number[] = [];
    const soon = async (isSo: () => Promise<boolean>): Promise<void> => {
      const startMs = performance.now();
      await until(isSo);
      waitsMs.push(performance.now() - startMs);
    };
    const statusThere = async (key: string, url = C): Promise<number> =>
      (await ask(other, `GET ${url}`, { key })).status;
    await soon(async () => (await statusThere(root)) === 200);
    const role = async (permissions: readonly string[]): Promise<unknown> =>
      ask(gateway, 'PUT /api/v1/auth/roles/clerk', { key: root, body: { permissions } });
    await role(['list_collections']);
    const { id, key } = await make(gateway, { name: 'clerk', roles: ['clerk'] }, root);
    await soon(async () => (await statusThere(key)) === 200);
    await role(['get_vector']);
    await soon(async () => (await statusThere(key)) === 403);
    await ask(gateway, `DELETE ${KEYS}/${id}`, { key: root });
    await soon(async () => (await statusThere(key)) === 401);
    expect(Math.max(...waitsMs) / slowdown()).toBeLessThan(1_000);
  });

  it('has its uses counted exactly, over gateways and restarts', async () => {
    await using gateway = await startGateway();
    const { key: root } = await make(gateway, ADMIN);
    const { id, key } = await make(gateway, { name: 'counted', roles: ['viewer'] }, root);
    {
      await using other = await startGateway({ beside: gateway.nats });
      await until(async () => (await ask(other, `GET ${C}`, { key: root })).status === 200);
      const uses = Array.from({ length: 100 }, async (_, i) => ask(i % 2 ? gateway : other, `GET ${C}`, { key }));
      expect((await Promise.all(uses)).map(({ status }) => status)).toEqual(uses.map(() => 200));
    }
    const usage = async (): Promise<unknown> => (await ask(gateway, `GET ${KEYS}/${id}`, { key: root })).body['usage'];
    await until(async () => ((await usage()) as { requests: number }).requests >= 100);
    expect(await usage()).toEqual({ requests: 100, last_used_at: expect.stringMatching(/^20.*Z$/) });
    await using later = await startGateway({ beside: gateway.nats });
    await until(() => later.access.usage.of(KeyId.parse(id)).requests === 100);
  });
});

describe('a stream', () => {
  it('ends with what its key may, and not with what others may (regression)', async () => {
    await using gateway = await startGateway();
    const { url } = await gateway.app.listen();
    const anybodys = await watch(url);
    const { key: root } = await make(gateway, ADMIN);
    await ends(anybodys);

    const role = async (permissions: readonly string[]): Promise<unknown> =>
      ask(gateway, 'PUT /api/v1/auth/roles/watcher', { key: root, body: { permissions } });
    await role(['view_system_stats']);
    const made = async (): Promise<Made> => make(gateway, { name: 'watcher', roles: ['watcher'] }, root);
    const [rotated, revoked] = [await made(), await made()];
    const [firsts, revokeds, roots] = [
      await watch(url, rotated.key),
      await watch(url, revoked.key),
      await watch(url, root),
    ];
    const rotate = async (grace_s: number): Promise<Stream> => {
      const answer = await ask(gateway, `POST ${KEYS}/${rotated.id}/rotate`, { key: root, body: { grace_s } });
      return watch(url, String(answer.body['key']));
    };
    const seconds = await rotate(0);
    await ends(firsts);
    await ask(gateway, `DELETE ${KEYS}/${revoked.id}`, { key: root });
    await ends(revokeds);
    const thirds = await rotate(1);
    // Once the grace time is over.
    await until(seconds.hasEnded);
    expect([thirds.hasEnded(), roots.hasEnded()]).toEqual([false, false]);
    await role(['list_collections']);
    await ends(thirds);
    expect(roots.hasEnded()).toBe(false);
    await roots.close();
  });
});

describe('a scope', () => {
  it('lets a key see its collections, by their own names, and of the others not even whether they exist', async () => {
    await using gateway = await startGateway();
    const { key: root } = await make(gateway, ADMIN);
    for (const name of ['team-a', 'team-b', 'secret']) {
      const body = { name, dimension: 2 };
      expect(await ask(gateway, `POST ${C}`, { key: root, body })).toMatchObject({ status: 201 });
    }
    const alias = async (key: string, name: string, collection: string): Promise<number> =>
      (await ask(gateway, `PUT /api/v1/aliases/${name}`, { key, body: { collection } })).status;
    expect(await alias(root, 'team-x', 'secret')).toBe(201);
    expect(await alias(root, 'current', 'team-a')).toBe(201);
    const { key } = await make(gateway, { name: 'team', roles: ['editor'], collections: ['team-*'] }, root);
    const names = async (path: string, list: string, field: string): Promise<unknown[]> =>
      ((await ask(gateway, `GET ${path}`, { key })).body[list] as Record<string, unknown>[]).map((each) => each[field]);
    expect(await names(C, 'collections', 'name')).toEqual(['team-a', 'team-b']);
    expect(await names('/api/v1/aliases', 'aliases', 'alias')).toEqual(['current']);
    const statusOf = async (route: string, body?: object): Promise<number> =>
      (await ask(gateway, route, { key, ...(body !== undefined && { body }) })).status;
    expect(await statusOf(`GET ${C}/team-a`)).toBe(200);
    expect(await statusOf(`GET ${C}/current`)).toBe(200);
    expect(await statusOf(`GET ${C}/team-none`)).toBe(404);
    for (const outside of ['secret', 'team-x', 'nothing']) {
      expect([outside, await statusOf(`GET ${C}/${outside}`)]).toEqual([outside, 403]);
      expect(await statusOf(`POST ${C}/${outside}/search`, { vector: [1, 0] })).toBe(403);
    }
    expect(await statusOf(`GET /api/v1/operations/x?collection=secret`)).toBe(403);
    expect(await statusOf(`POST ${C}`, { name: 'other', dimension: 2 })).toBe(403);
    expect(await statusOf(`POST ${C}`, { name: 'team-c', dimension: 2 })).toBe(201);
    expect(await alias(key, 'team-y', 'secret')).toBe(403);
    expect(await alias(key, 'mine', 'team-a')).toBe(403);
    expect(await alias(key, 'team-x', 'team-a')).toBe(403);
    expect(await alias(key, 'team-y', 'team-a')).toBe(201);
  });

  it('lets a key see snapshots by the name of their own collection, which an alias may have by now', async () => {
    await using gateway = await startGateway();
    const { key: root } = await make(gateway, ADMIN);
    await ask(gateway, `POST ${C}`, { key: root, body: { name: 'team-a', dimension: 2 } });
    await ask(gateway, 'PUT /api/v1/aliases/prod', { key: root, body: { collection: 'team-a' } });
    const { key } = await make(gateway, { name: 'team', roles: ['admin'], collections: ['team-*'] }, root);
    const statusOf = async (who: string, route: string): Promise<number> =>
      (await ask(gateway, route, { key: who })).status;
    const one = 'snapshots/0123456789abcdef';
    for (const [route, there] of [
      [`GET ${C}/prod/snapshots`, 200],
      [`GET ${C}/prod/${one}`, 404],
      [`GET ${C}/prod/${one}/download`, 404],
      [`DELETE ${C}/prod/${one}`, 404],
      ['GET /qdrant/collections/prod/snapshots', 200],
    ] as const) {
      expect([route, await statusOf(key, route)]).toEqual([route, 403]);
      expect([route, await statusOf(root, route)]).toEqual([route, there]);
    }
    expect(await statusOf(key, `GET ${C}/team-a/snapshots`)).toBe(200);
  });

  it('lets nobody give more than they have', async () => {
    await using gateway = await startGateway();
    const { key: root, id } = await make(gateway, ADMIN);
    const permissions = ['manage_api_keys', 'list_collections'];
    await ask(gateway, 'PUT /api/v1/auth/roles/porter', { key: root, body: { permissions } });
    const { key } = await make(gateway, { name: 'p', roles: ['porter'], collections: ['team-*'] }, root);
    const give = async (body: object): Promise<number> => (await ask(gateway, `POST ${KEYS}`, { key, body })).status;
    expect(await give({ name: 'x', roles: ['porter'], collections: ['team-a', 'team-b*'] })).toBe(201);
    expect(await give({ name: 'x', roles: ['porter'] })).toBe(403);
    expect(await give({ name: 'x', roles: ['porter'], collections: ['*-a'] })).toBe(403);
    expect(await give({ name: 'x', roles: ['admin'], collections: ['team-a'] })).toBe(403);
    const { body } = await ask(gateway, `GET ${KEYS}`, { key });
    expect((body['keys'] as { name: string }[]).map(({ name }) => name).toSorted()).toEqual(['p', 'x']);
    expect(await ask(gateway, `GET ${KEYS}/${id}`, { key })).toMatchObject({ status: 403 });
    expect(await ask(gateway, `POST ${KEYS}/${id}/rotate`, { key, body: {} })).toMatchObject({ status: 403 });
    expect(await ask(gateway, `DELETE ${KEYS}/${id}`, { key })).toMatchObject({ status: 403 });
    const role = { key, body: { permissions: ['delete_vector'] } };
    expect(await ask(gateway, 'PUT /api/v1/auth/roles/porter', role)).toMatchObject({ status: 403 });
  });

  it('lets nobody who does not run the server give a higher rate, or a longer life, than their own', async () => {
    await using gateway = await startGateway();
    const { key: root } = await make(gateway, ADMIN);
    const body = { permissions: ['manage_api_keys'] };
    await ask(gateway, 'PUT /api/v1/auth/roles/porter', { key: root, body });
    const own = { rate: { tier: 'default', read: { per_s: 50, burst: 60 } }, expires_in: 600 };
    const { key } = await make(gateway, { name: 'p', roles: ['porter'], ...own }, root);
    const { id: wider } = await make(gateway, { name: 'w', roles: ['porter'], rate: { tier: 'premium' } }, root);
    const give = async (more: object): Promise<number> => {
      const given = { name: 'x', roles: ['porter'], ...own, expires_in: 60, ...more };
      return (await ask(gateway, `POST ${KEYS}`, { key, body: given })).status;
    };
    expect(await give({})).toBe(201);
    for (const rate of [
      { tier: 'unlimited' },
      { tier: 'default' },
      { ...own.rate, write: { per_s: 100, burst: 500 } },
    ]) {
      expect(await give({ rate })).toBe(403);
    }
    expect(await give({ expires_in: 3_600 })).toBe(403);
    expect(await give({ expires_in: undefined })).toBe(403);
    expect(await ask(gateway, `POST ${KEYS}/${wider}/rotate`, { key, body: {} })).toMatchObject({ status: 403 });
    expect(await ask(gateway, `POST ${KEYS}/${wider}/rotate`, { key: root, body: {} })).toMatchObject({ status: 200 });
  });

  it('lets nobody change a role for keys that may more, or see more, than they', async () => {
    await using gateway = await startGateway();
    const { key: root } = await make(gateway, ADMIN);
    const role = async (method: 'PUT' | 'DELETE', key: string, permissions?: readonly string[]): Promise<number> =>
      (await ask(gateway, `${method} /api/v1/auth/roles/ops`, { key, ...(permissions && { body: { permissions } }) }))
        .status;
    expect(await role('PUT', root, ['manage_api_keys', 'list_collections'])).toBe(200);
    const { key: wide } = await make(gateway, { name: 'w', roles: ['ops'] }, root);
    const { key: narrow } = await make(gateway, { name: 'n', roles: ['ops'], collections: ['team-*'] }, root);
    expect(await role('PUT', narrow, ['list_collections'])).toBe(403);
    expect(await role('DELETE', narrow)).toBe(403);
    expect(await role('PUT', wide, ['manage_api_keys', 'list_collections'])).toBe(200);
    await ask(gateway, 'PUT /api/v1/auth/roles/chief', { key: root, body: { permissions: ['delete_collection'] } });
    const demote = { key: wide, body: { permissions: ['list_collections'] } };
    expect(await ask(gateway, 'PUT /api/v1/auth/roles/chief', demote)).toMatchObject({ status: 403 });
    expect(await ask(gateway, 'DELETE /api/v1/auth/roles/chief', { key: wide })).toMatchObject({ status: 403 });
    expect(await role('DELETE', wide)).toBe(200);
  });

  it('of some collections shows no metrics, which name all of them, and changes no log level, which is for all', async () => {
    await using gateway = await startGateway();
    const { key: root } = await make(gateway, ADMIN);
    const { key } = await make(gateway, { name: 'team', roles: ['admin'], collections: ['team-*'] }, root);
    const statusOf = async (who: string): Promise<number> =>
      (await gateway.app.inject({ url: '/metrics', headers: { 'x-api-key': who } })).statusCode;
    expect([await statusOf(root), await statusOf(key)]).toEqual([200, 403]);
    const silence = { key, body: { level: 'silent' } };
    expect(await ask(gateway, 'PUT /api/v1/log-level', silence)).toMatchObject({ status: 403 });
  });

  it('of no collections is for none, and bad patterns and roles are refused by name', async () => {
    await using gateway = await startGateway();
    const { key: root } = await make(gateway, ADMIN);
    await ask(gateway, `POST ${C}`, { key: root, body: { name: 'books', dimension: 2 } });
    const { key } = await make(gateway, { name: 'none', roles: ['admin'], collections: [] }, root);
    expect(await ask(gateway, `GET ${C}`, { key })).toMatchObject({ status: 200, body: { collections: [] } });
    expect(await ask(gateway, `GET ${C}/books`, { key })).toMatchObject({ status: 403 });
    for (const [bad, field] of [
      [{ roles: ['king'] }, 'roles[0]'],
      [{ roles: [] }, 'roles'],
      [{ collections: ['a/b'] }, 'collections[0]'],
      [{ events: ['a..b'] }, 'events[0]'],
      [{ name: '' }, 'name'],
      [{ expires_in: 0 }, 'expires_in'],
    ] as const) {
      const answer = await ask(gateway, `POST ${KEYS}`, { key: root, body: { ...ADMIN, ...bad } });
      expect(answer).toMatchObject({ status: 400, body: { error: { details: { field } } } });
    }
  });
});
