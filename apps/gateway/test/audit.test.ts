import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { AuditLog, connectNats } from '@vectorizer/cluster';
import { type NewKey, type NumberedAuditEntry } from '@vectorizer/contracts';
import { AuditTrail } from '@vectorizer/frame';
import { createLogger } from '@vectorizer/telemetry';
import { startNats, temporaryDirectory, until } from '@vectorizer/testing';
import { Authentications } from '../src/audit/authentications.ts';
import { startGateway, type Gateway } from './fixture.ts';

type Answer = Awaited<ReturnType<Gateway['app']['inject']>>;
type Page = { readonly entries: readonly NumberedAuditEntry[]; readonly next: string | null };
const C = '/api/v1/collections';

async function makeKey(gateway: Gateway, given: Partial<NewKey> = {}): Promise<{ id: string; key: string }> {
  const rate = { tier: 'unlimited' };
  const settings = { name: 'k', roles: ['admin'], collections: ['*'], events: [], rate, ...given };
  const { record, key } = await gateway.access.keys.create(settings, 'test');
  return { id: record.id, key };
}

function asking(gateway: Gateway, key: string): (route: string, payload?: object) => Promise<Answer> {
  return async (route, payload) => askWith({ gateway, key, payload }, route);
}

type Asking = { readonly gateway: Gateway; readonly key: string; readonly payload: object | undefined };

async function askWith({ gateway, key, payload }: Asking, route: string): Promise<Answer> {
  const [method = 'GET', url = ''] = route.split(' ');
  return gateway.app.inject({
    method: method as 'GET',
    url,
    headers: { 'x-api-key': key, 'x-correlation-id': `test-${method}` },
    ...(payload !== undefined && { payload }),
  });
}

async function find(gateway: Gateway, key: string, query = ''): Promise<Page> {
  const answer = await asking(gateway, key)(`GET /api/v1/audit?${query}`);
  expect(answer.statusCode).toBe(200);
  return answer.json();
}

describe('the audit log', () => {
  it('has who came, what they were kept from, what they administered and what they changed', async () => {
    await using gateway = await startGateway();
    const root = await makeKey(gateway, { name: 'root' });
    const reader = await makeKey(gateway, { name: 'reader', roles: ['viewer'] });
    await asking(gateway, root.key)(`POST ${C}`, { name: 'books', dimension: 2 });
    const points = ['a', 'b', 'c'].map((id) => ({ id, vector: [1, 0] }));
    await asking(gateway, root.key)(`PUT ${C}/books/vectors`, { points });
    await asking(gateway, reader.key)(`GET ${C}`);
    await asking(gateway, reader.key)(`DELETE ${C}/books`);
    await asking(gateway, 'nonsense')(`GET ${C}?api_key=secret`);
    const entries = async (): Promise<readonly NumberedAuditEntry[]> => (await find(gateway, root.key)).entries;
    await until(async () => (await entries()).length >= 7);
    const told = (await entries())
      .toReversed()
      .map(({ actor, actor_name, action, target, result, status, count }) =>
        [actor, actor_name, action, target, result, status, count].join(' '),
      );
    const [asRoot, asReader] = [`key:${root.id} root`, `key:${reader.id} reader`];
    expect(told).toEqual([
      `${asRoot} collections.create /api/v1/collections begun 0 1`,
      `${asRoot} authenticate 127.0.0.1 ok 200 1`,
      `${asRoot} collections.create /api/v1/collections/books ok 201 1`,
      `${asRoot} vectors.upsert /api/v1/collections/books/vectors ok 200 3`,
      `${asReader} authenticate 127.0.0.1 ok 200 1`,
      `${asReader} collections.delete /api/v1/collections/books refused 403 1`,
      'unknown  authenticate /api/v1/collections refused 401 1',
    ]);
    const [newest] = await entries();
    expect(newest).toMatchObject({ address: '127.0.0.1', correlation_id: 'test-GET', at: expect.stringMatching(/Z$/) });
    expect(JSON.stringify(await entries())).not.toContain('secret');
  });

  it('has an administrative act by the time that it is answered', async () => {
    await using gateway = await startGateway();
    const { key } = await makeKey(gateway);
    for (const role of ['one', 'two', 'three']) {
      await asking(gateway, key)(`PUT /api/v1/auth/roles/${role}`, { permissions: ['get_vector'] });
      const { entries } = await find(gateway, key, 'action=roles.put&limit=1');
      expect(entries).toMatchObject([{ target: `/api/v1/auth/roles/${role}`, result: 'ok' }]);
    }
  });

  it('has an administrative act before it is begun, or else it is not', async () => {
    await using gateway = await startGateway();
    const { key } = await makeKey(gateway);
    await asking(gateway, key)('PUT /api/v1/auth/roles/one', { permissions: ['get_vector'] });
    await gateway.nats.stop();
    const refused = await asking(gateway, key)('PUT /api/v1/auth/roles/two', { permissions: ['get_vector'] });
    expect([refused.statusCode, refused.json()]).toMatchObject([503, { error: { type: 'log_unavailable' } }]);
    await gateway.nats.restart();
    const told = async (): Promise<readonly NumberedAuditEntry[]> => {
      const answer = await asking(gateway, key)('GET /api/v1/audit?action=roles.put');
      return (answer.json<Partial<Page>>().entries ?? []).toReversed();
    };
    await until(async () => (await told()).length === 4);
    expect((await told()).map(({ target, result, status }) => [target.at(-1), result, status])).toEqual([
      ['e', 'begun', 0],
      ['e', 'ok', 200],
      ['o', 'begun', 0],
      ['o', 'failed', 503],
    ]);
    const [begun, done, begunToo, failed] = (await told()).map(({ change }) => change);
    expect([begun, begunToo]).toEqual([done, failed]);
    expect(begun).not.toBe(begunToo);
    const { roles } = (await asking(gateway, key)('GET /api/v1/auth/roles')).json<{ roles: { name: string }[] }>();
    expect(roles.map(({ name }) => name)).toEqual(expect.not.arrayContaining(['two']));
    expect(roles.map(({ name }) => name)).toEqual(expect.arrayContaining(['one']));
  });

  it('has the first key, which is made by no request', async () => {
    await using directory = await temporaryDirectory();
    const bootstrapKeyFile = join(directory.path, 'admin.key');
    await using gateway = await startGateway({ bootstrapKeyFile });
    const key = (await readFile(bootstrapKeyFile, 'utf8')).trim();
    const { entries } = await find(gateway, key, 'action=keys.create');
    expect(entries.map(({ actor, target, result }) => [actor, target, result])).toEqual(
      ['ok', 'begun'].map((result) => ['operator the first start', `/api/v1/auth/keys/${key.slice(3, 15)}`, result]),
    );
  });

  it('is found by what is asked for, page by page', async () => {
    await using gateway = await startGateway();
    const { key } = await makeKey(gateway);
    const names = Array.from({ length: 7 }, (_, i) => `r${i}`);
    for (const name of names)
      await asking(gateway, key)(`PUT /api/v1/auth/roles/${name}`, { permissions: ['get_vector'] });
    await asking(gateway, key)(`DELETE /api/v1/auth/roles/nothing`);
    const found: string[] = [];
    let before = '';
    do {
      const page = await find(gateway, key, `action=roles.put&result=ok&limit=3${before}`);
      found.push(...page.entries.map(({ target }) => target.split('/').at(-1) ?? ''));
      before = page.next === null ? '' : `&before=${page.next}`;
    } while (before !== '');
    expect(found).toEqual(names.toReversed());
    const { entries } = await find(gateway, key, 'result=failed');
    expect(entries.map(({ action, status }) => [action, status])).toEqual([['roles.delete', 404]]);
    expect((await find(gateway, key, 'from=2999-01-01T00:00:00Z')).entries).toEqual([]);
    expect((await find(gateway, key, `target=/api/v1/auth/roles/r6&result=ok`)).entries).toHaveLength(1);
    for (const bad of ['limit=0', 'result=good', 'before=x', 'from=yesterday', 'who=me']) {
      expect((await asking(gateway, key)(`GET /api/v1/audit?${bad}`)).statusCode).toBe(400);
    }
  });

  it('gets what was done while it was away', async () => {
    await using gateway = await startGateway();
    const { key } = await makeKey(gateway);
    await gateway.nats.stop();
    for (let i = 0; i < 20; i++) expect((await asking(gateway, `bad${i}`)(`GET ${C}`)).statusCode).toBe(401);
    await gateway.nats.restart();
    const refused = async (): Promise<number> =>
      (await asking(gateway, key)('GET /api/v1/audit?result=refused')).json<Partial<Page>>().entries?.length ?? 0;
    await until(async () => (await refused()) === 20);
  });

  it('is not written for what is done without keys, but for what is administered', async () => {
    await using gateway = await startGateway();
    const open = asking(gateway, '');
    await open(`POST ${C}`, { name: 'books', dimension: 2 });
    await open(`PUT ${C}/books/vectors`, { points: [{ id: 'a', vector: [1, 0] }] });
    const page: Page = (await open('GET /api/v1/audit')).json();
    const act = { actor: 'open:anybody', action: 'collections.create' };
    expect(page.entries).toMatchObject([
      { ...act, result: 'ok' },
      { ...act, result: 'begun' },
    ]);
  });
});

describe('what waits for the audit log', () => {
  it('is in the log of the process that has to end without it', async () => {
    await using nats = await startNats();
    const connection = await connectNats({ servers: nats.url, name: 'test' });
    const log = await AuditLog.open({ connection, replicas: 1 });
    const lines: string[] = [];
    const destination = { write: (line: string): unknown => lines.push(line) };
    const trail = new AuditTrail(log, createLogger({ service: 'gateway', level: 'fatal', destination }));
    await nats.stop();
    const what = { action: 'authenticate', result: 'refused', target: '/', status: 401, count: 1 } as const;
    const who = { actor: 'unknown', actor_name: '', address: '10.0.0.1' };
    for (const id of ['a', 'b']) trail.add({ at: new Date().toISOString(), ...who, ...what, correlation_id: id });
    await trail.close();
    await connection.close();
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject(
      ['a', 'b'].map((id) => ({ msg: 'could not be written to the audit log', entry: { correlation_id: id } })),
    );
  });
});

describe('authentications', () => {
  it('are told of at first, then once a minute with their number, and the rest at the end', () => {
    const seen = new Authentications<string>();
    expect(seen.note('a', 'a', 0)).toEqual([{ of: 'a', count: 1 }]);
    for (let at = 1; at < 60_000; at += 100) expect(seen.note('a', 'a', at)).toEqual([]);
    expect(seen.note('a', 'a', 60_000)).toEqual([{ of: 'a', count: 601 }]);
    expect(seen.note('a', 'a', 60_001)).toEqual([]);
    expect(seen.rest()).toMatchObject([{ of: 'a', count: 1 }]);
  });

  it('take a bounded place, whoever comes, and none is lost', () => {
    const seen = new Authentications<string>();
    let told = 0;
    for (let i = 0; i < 25_000; i++) {
      for (const { count } of [...seen.note(String(i), 'x', 0), ...seen.note(String(i), 'x', 1)]) told += count;
    }
    for (const { count } of seen.rest()) told += count;
    expect(told).toBe(50_000);
  });
});
