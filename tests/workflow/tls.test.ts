import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { VectorizerClient, type AuditEntry } from '@vectorizer/client';
import { connectNats, trustAuthority, type NatsOptions } from '@vectorizer/cluster';
import { temporaryDirectory, startSlowdown, until } from '@vectorizer/testing';
import { runCommand } from '../system/command.ts';
import { tlsFiles } from '../system/secure.ts';
import { startSystem, type System } from '../system/system.ts';

/** A cluster that is encrypted whatever else is, an authority of its own, and that of somebody else. */
let system: System;
let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
const own = (): string => join(directory.path, 'own');
const foreign = (): string => join(directory.path, 'foreign');

beforeAll(async () => {
  directory = await temporaryDirectory();
  for (const each of [own(), foreign()]) await makeCertificates(each);
  trustAuthority(await readFile(join(own(), 'ca.crt'), 'utf8'));
  system = await startSystem({ nodes: 2, certificates: own() });
});
afterAll(async () => {
  await system[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

/** Connects, and answers the connection once both sides agreed; rejects when they did not. */
async function shakeHands(url: string, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const { hostname, port } = new URL(url);
  const ca = await readFile(join(own(), 'ca.crt'));
  const socket = connectTls({ host: hostname, port: Number(port), ca, ...options });
  await once(socket, 'secureConnect');
  return socket;
}

async function certificateOf(url: string): Promise<string> {
  const socket = await shakeHands(url);
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

async function credentials(certificates: string, name: string): Promise<ConnectionOptions> {
  const { certFile, keyFile } = tlsFiles(certificates, name);
  return { cert: await readFile(certFile), key: await readFile(keyFile) };
}

/** What a server says to bytes that are no handshake before it hangs up. */
async function sayPlainly(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connectTcp(Number(port), hostname);
  socket.write(text);
  return heardFrom(socket);
}

/** All that arrives until the connection ends; some servers reset it instead, and both say no. */
async function heardFrom(socket: Socket): Promise<string> {
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  return new Promise((resolve) => {
    socket.on('close', () => resolve(heard));
  });
}

async function natsUrl(): Promise<string> {
  const log = await readFile(join(system.data, 'run/nats.log'), 'utf8');
  const [, address] = /Listening for client connections on (\S+)/.exec(log) ?? [];
  return `nats://${address}`;
}

/** An HTTPS answer's status over a connection with a certificate, or with none. */
async function statusOf(url: string, path: string, options: ConnectionOptions = {}): Promise<string> {
  const socket = await shakeHands(url, options);
  socket.end(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
  return (await heardFrom(socket)).split('\r\n', 1)[0] ?? '';
}

/** What the log server refuses to the bearer of a service's certificate. */
async function refusedTo(
  name: string,
  act: (connection: Awaited<ReturnType<typeof connectNats>>) => void,
): Promise<string> {
  const connection = await connectNats({ servers: await natsUrl(), name, tls: tlsFiles(own(), name) });
  const refused = Promise.withResolvers<string>();
  void (async () => {
    for await (const status of connection.status()) {
      if (status.type === 'error') refused.resolve(status.error.message);
    }
  })();
  act(connection);
  const message = await refused.promise;
  await connection.close();
  return message;
}

async function makeCertificates(at: string): Promise<void> {
  const { code, err } = await runCommand('certs', 'init', '--dir', at);
  if (code !== 0) throw new Error(err);
}

async function keysInRedis(): Promise<number> {
  const { url } = await system.process('redis');
  const socket = await shakeHands(url, await credentials(own(), 'query'));
  const password = await readFile(join(own(), 'redis-query.secret'), 'utf8');
  socket.write(`AUTH query ${password}\r\nDBSIZE\r\nQUIT\r\n`);
  const [, count] = /^:(\d+)\r$/m.exec(await heardFrom(socket)) ?? [];
  return Number(count);
}

async function ask(url: string, key?: string, body?: object): Promise<Response> {
  return fetch(url, {
    headers: { 'content-type': 'application/json', ...(key !== undefined && { 'x-api-key': key }) },
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  });
}

describe('an encrypted cluster', () => {
  it('answers like any other', async () => {
    await using client = new VectorizerClient({ url: system.urls });
    await client.createCollection({ name: 'books', dimension: 2, replication_factor: 2 });
    await client.upsert('books', [{ id: 'a', vector: [1, 0] }], { wait: 'replicated' });
    const { hits } = await client.search('books', { vector: [1, 0], k: 1 });
    expect(hits.map(({ id }) => id)).toEqual(['a']);
    expect(system.url).toMatch(/^https:/);
    // The query services share it in Redis, which has let them in.
    await until(async () => (await keysInRedis()) > 0, { what: 'an answer in Redis' });
  });

  it('hears nobody who speaks in the clear', async () => {
    const request = 'GET /api/v1/collections HTTP/1.1\r\nhost: localhost\r\n\r\n';
    const { url: index } = await system.process('index-1');
    const { url: redis } = await system.process('redis');
    for (const url of [system.url, index]) expect(await sayPlainly(url, request)).not.toContain('200');
    expect(await sayPlainly(redis, 'PING\r\n')).not.toContain('PONG');
    const nats = await natsUrl();
    expect(await sayPlainly(nats, 'CONNECT {}\r\nPING\r\n')).not.toContain('PONG');
    await expect(connectNats({ servers: nats, name: 'index' })).rejects.toThrow('no log server');
  });

  it('speaks TLS 1.2 and 1.3, and nothing older', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await shakeHands(system.url, { minVersion: version, maxVersion: version });
      expect(socket.getProtocol()).toBe(version);
      socket.destroy();
    }
    // Security level 0 lets this client offer what is refused.
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(shakeHands(system.url, old)).rejects.toThrow(/alert/);
  });

  it('is trusted only by those who trust its authority', async () => {
    const ca = await readFile(join(foreign(), 'ca.crt'));
    await expect(shakeHands(system.url, { ca })).rejects.toThrow(/certificate/);
  });

  it('lets nobody into its services without a certificate of its authority, but for those that ask whether they live', async () => {
    const { url } = await system.process('index-1');
    const known = await credentials(own(), 'operator');
    const unknown = await credentials(foreign(), 'operator');
    expect(await statusOf(url, '/metrics', known)).toBe('HTTP/1.1 200 OK');
    expect(await statusOf(url, '/metrics', unknown)).toBe('HTTP/1.1 401 Unauthorized');
    expect(await statusOf(url, '/metrics')).toBe('HTTP/1.1 401 Unauthorized');
    expect(await statusOf(url, '/health/live')).toBe('HTTP/1.1 200 OK');
  });

  it('lets nobody to its log server or to Redis by the certificate of another authority', async () => {
    const stranger: NatsOptions = {
      servers: await natsUrl(),
      name: 'index',
      tls: { ...tlsFiles(foreign(), 'index'), caFile: join(own(), 'ca.crt') },
    };
    await expect(connectNats(stranger)).rejects.toThrow('no log server');
    const { url: redis } = await system.process('redis');
    const socket = await shakeHands(redis, await credentials(foreign(), 'query'));
    socket.write('PING\r\n');
    expect(await heardFrom(socket)).toBe('');
  });
});

describe('a service that is not itself any more', () => {
  it('cannot write into a log from the query service', async () => {
    expect(await refusedTo('query', (nats) => nats.publish('vz.log.abc.0', 'x'))).toContain('vz.log.abc.0');
  });

  it('cannot remove a log from the query service, or pretend to be an index node', async () => {
    const removal = '$JS.API.STREAM.DELETE.VZ_LOG_abc_0';
    expect(await refusedTo('query', (nats) => nats.publish(removal))).toContain(removal);
    expect(await refusedTo('query', (nats) => void nats.subscribe('vz.rpc.index.search'))).toContain('vz.rpc.index');
    expect(await refusedTo('gateway', (nats) => nats.publish('vz.log.abc.0'))).toContain('vz.log.abc.0');
  });

  it('cannot make a stream of its own, which would copy what it hears to where it may not write', async () => {
    const made = '$JS.API.STREAM.CREATE.COPY';
    const config = { name: 'COPY', subjects: ['vz.say.presence'], republish: { src: '>', dest: '$KV.vz_keys.abc' } };
    for (const name of ['ingest', 'query', 'index']) {
      expect(await refusedTo(name, (nats) => nats.publish(made, JSON.stringify(config)))).toContain(made);
    }
  });

  it('gives nobody a key but as a gateway, and takes none from anybody, nor what was written of who did what', async () => {
    for (const name of ['ingest', 'query', 'index', 'monitor']) {
      expect(await refusedTo(name, (nats) => nats.publish('$KV.vz_keys.abc', '{}'))).toContain('vz_keys');
    }
    for (const name of ['gateway', 'monitor', 'index']) {
      for (const stream of ['KV_vz_keys', 'KV_vz_roles', 'VZ_AUDIT']) {
        const purge = `$JS.API.STREAM.PURGE.${stream}`;
        expect(await refusedTo(name, (nats) => nats.publish(purge))).toContain(purge);
      }
    }
  });

  it('can as a producer publish its events, and nothing else', async () => {
    expect(await refusedTo('producer', (nats) => nats.publish('vz.log.abc.0', 'x'))).toContain('vz.log.abc.0');
    expect(await refusedTo('producer', (nats) => nats.publish('vz.rpc.query.search', 'x'))).toContain('vz.rpc');
    expect(await refusedTo('producer', (nats) => void nats.subscribe('vz.say.>'))).toContain('vz.say');
  });
});

describe('certificates', () => {
  it('are replaced without a restart', async () => {
    const before = await certificateOf(system.url);
    const { pid } = await system.process('gateway-1');
    await makeCertificates(own());
    const expected = new X509Certificate(await readFile(join(own(), 'gateway.crt'))).serialNumber;
    expect(expected).not.toBe(before);
    await until(async () => (await certificateOf(system.url)) === expected);
    expect((await system.process('gateway-1')).pid).toBe(pid);
    await using client = new VectorizerClient({ url: system.urls });
    expect(await client.count('books')).toEqual({ count: 1 });
  });
});

/** Of a producer, that may bring a key; its faults are what the log server told it. */
type Producer = { readonly nats: NatsConnection; readonly faults: string[] };

async function produce(options: { readonly key?: string; readonly id?: string } = {}): Promise<Producer> {
  const { key, id = 'producer' } = options;
  const nats = await connect({
    servers: (await natsUrl()).replace('nats://', ''),
    tls: { ...tlsFiles(own(), 'producer'), handshakeFirst: true },
    inboxPrefix: `_INBOX.${id}`,
    reconnect: false,
    ...(key !== undefined && { token: key }),
  });
  const faults: string[] = [];
  void (async () => {
    for await (const status of nats.status()) if (status.type === 'error') faults.push(status.error.message);
  })();
  return { nats, faults };
}

const POINT = JSON.stringify({ id: 'p', vector: [0, 1] });

describe('keys and producers of events', () => {
  let root = '';
  const get = async (path: string): Promise<Record<string, unknown[]>> =>
    (await ask(`${system.url}/api/v1/${path}`, root)).json() as Promise<Record<string, unknown[]>>;
  async function makeKey(body: object): Promise<{ id: string; key: string }> {
    const made = await ask(`${system.url}/api/v1/auth/keys`, root === '' ? undefined : root, body);
    expect(made.status).toBe(201);
    return made.json() as Promise<{ id: string; key: string }>;
  }

  async function putRole(permissions: readonly string[]): Promise<void> {
    const url = `${system.url}/api/v1/auth/roles/sender`;
    const headers = { 'x-api-key': root, 'content-type': 'application/json' };
    const answer = await fetch(url, { method: 'PUT', headers, body: JSON.stringify({ permissions }) });
    expect(answer.status).toBe(200);
  }

  it('are made, heeded, counted and written down in an encrypted cluster as in any other', async () => {
    const { nats: anybody } = await produce();
    expect((await anybody.request('vectorizer.events.books.upsert', POINT)).json()).toMatchObject({ seq: 1 });
    const keys = `${system.url}/api/v1/auth/keys`;
    const { id, key } = await makeKey({ name: 'root', roles: ['admin'], events: ['>'] });
    root = key;
    expect((await ask(keys)).status).toBe(401);
    // Whoever was there before there were keys is let in no longer.
    await anybody.closed();
    const seen = async (): Promise<boolean> => {
      const { usage } = (await (await ask(`${keys}/${id}`, key)).json()) as { usage: { requests: number } };
      const { entries } = await get('audit?action=keys.create&result=ok');
      return usage.requests > 0 && entries?.length === 1;
    };
    await until(seen, { what: 'the use and the making of the key' });
    for (const name of ['gateway-1', 'query-1', 'ingest-1', 'index-1', 'monitor-1']) {
      const log = await readFile(join(system.data, `run/${name}.log`), 'utf8');
      expect(log).not.toContain('Permissions Violation');
    }
  });

  it('are made past the gateways by the certificate of an operator or of a gateway, when all are lost', async () => {
    const files = Object.entries(tlsFiles(own(), 'gateway')).flatMap(([name, file]) => [
      `--tls-${name.replace('File', '-file')}`,
      file,
    ]);
    for (const [who, from] of Object.entries({
      operator: ['--data', system.data],
      gateway: ['--log-servers', await natsUrl(), ...files],
    })) {
      const out = join(own(), `recovered-as-${who}.key`);
      expect(await runCommand('keys', 'recover', '--out', out, ...from)).toMatchObject({ code: 0, err: '' });
      const key = (await readFile(out, 'utf8')).trim();
      await until(async () => (await ask(`${system.url}/api/v1/audit?action=keys.recover`, key)).status === 200);
    }
    expect((await get('audit?action=keys.recover&result=ok'))['entries']).toHaveLength(2);
  });

  it('let a producer publish to the subjects of its scope, under its own name, and within a second no longer', async () => {
    const books = { roles: ['editor'], collections: ['books'], events: ['vectorizer.events.books.*'] };
    const { id, key } = await makeKey({ name: 'loader', ...books });
    await expect(produce()).rejects.toThrow('Authorization Violation');
    await expect(produce({ key: `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}` })).rejects.toThrow('Violation');
    const { nats, faults } = await produce({ key, id });
    expect((await nats.request(`vectorizer.events.books.upsert.${id}`, POINT)).json()).toMatchObject({ seq: 2 });
    const refused = ['films.upsert', 'books.upsert', `films.upsert.${id}`, 'books.upsert.abcdefghijkl'];
    for (const subject of refused) nats.publish(`vectorizer.events.${subject}`, POINT);
    nats.publish('vz.log.abc.0');
    await until(() => faults.length === refused.length + 1, { what: 'five refusals' });
    const told = async (): Promise<string[]> =>
      ((await get(`audit?actor=key:${id}`))['entries'] ?? []).map((entry) => {
        const { action, result, actor_name, address } = entry as Record<string, string>;
        return [action, result, actor_name, address].join(' ').trim();
      });
    await until(async () => (await told()).length === 2, { what: 'two entries' });
    expect((await told()).toSorted()).toEqual(['authenticate ok loader 127.0.0.1', 'events.upsert ok loader']);
    const revoked = await fetch(`${system.url}/api/v1/auth/keys/${id}`, {
      method: 'DELETE',
      headers: { 'x-api-key': root },
    });
    expect(revoked.status).toBe(200);
    const [since, slowdown] = [performance.now(), startSlowdown()];
    await nats.closed();
    expect((performance.now() - since) / slowdown()).toBeLessThan(1_000);
    await expect(produce({ key, id })).rejects.toThrow('Authorization Violation');
  });

  it('let a producer publish no longer once its role means something else', async () => {
    await putRole(['batch_insert', 'batch_update']);
    const { id, key } = await makeKey({ name: 'sender', roles: ['sender'], events: ['>'] });
    const { nats } = await produce({ key, id });
    expect((await nats.request(`vectorizer.events.books.upsert.${id}`, POINT)).json()).toHaveProperty('seq');
    await putRole(['list_collections']);
    await nats.closed();
    await expect(produce({ key, id })).rejects.toThrow('Authorization Violation');
  });

  it('stand in the audit log with every change, once, also those that a gateway did not live to tell', async () => {
    const [gateway = '', other = ''] = system.urls;
    const collection = { name: 'audited', dimension: 1, replication_factor: 2 };
    expect((await ask(`${other}/api/v1/collections`, root, collection)).status).toBe(201);
    let answered = 0;
    const write = async (i: number): Promise<void> => {
      const answer = await fetch(`${gateway}/api/v1/collections/audited/vectors?wait=logged`, {
        method: 'PUT',
        headers: { 'x-api-key': root, 'x-correlation-id': `p-${i}`, 'content-type': 'application/json' },
        body: JSON.stringify({ points: [{ id: `p-${i}`, vector: [i + 1] }] }),
      }).catch(() => undefined);
      if (answer?.ok === true) answered += 1;
    };
    const writing = Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let i = 0; i < 400; i++) await write(writer * 400 + i);
      }),
    );
    await until(() => answered > 100, { what: 'a hundred writes' });
    await system.kill('gateway-1', 'start');
    await writing;
    await using client = new VectorizerClient({ url: other, apiKey: root });
    const written = (await Array.fromAsync(client.scrollAll('audited', { consistency: 'strong' }))).map(({ id }) => id);
    expect(written.length).toBeGreaterThanOrEqual(answered);
    const told = async (): Promise<AuditEntry[]> =>
      Array.fromAsync(client.audit.findAll({ target: '/api/v1/collections/audited/vectors', limit: 1_000 }));
    const isWhole = async (): Promise<boolean> => {
      const known = new Set((await told()).map(({ correlation_id: id }) => id));
      return written.every((id) => known.has(id));
    };
    await until(isWhole, { everyMs: 500, what: 'every change being in the audit log' });
    const entries = await told();
    const ofWritten = entries.filter(({ correlation_id: id }) => written.includes(id));
    expect(ofWritten).toHaveLength(written.length);
    expect(ofWritten.some(({ result }) => result === 'unanswered')).toBe(true);
    expect(new Set(ofWritten.map(({ actor_name: name }) => name))).toEqual(new Set(['root']));
  });

  it('stand in the audit log with every act, whenever the gateway that did it was killed', async () => {
    const [gateway = '', other = ''] = system.urls;
    const roles = `${gateway}/api/v1/auth/roles`;
    const headers = { 'x-api-key': root, 'content-type': 'application/json' };
    const body = JSON.stringify({ permissions: ['list_collections'] });
    const answered: string[] = [];
    const act = async (name: string): Promise<void> => {
      const answer = await fetch(`${roles}/${name}`, { method: 'PUT', headers, body }).catch(() => undefined);
      if (answer?.ok === true) answered.push(name);
    };
    const acting = Promise.all(
      Array.from({ length: 8 }, async (_, actor) => {
        for (let i = 0; i < 12; i++) await act(`act-${actor}-${i}`);
      }),
    );
    await until(() => answered.length > 8, { what: 'acts that were answered' });
    // One that has no end before the gateway has its own: a replica that does not come keeps the collection from being made.
    await using client = new VectorizerClient({ url: other, apiKey: root });
    await system.pause('index-2');
    const unended = ask(`${gateway}/api/v1/collections`, root, {
      name: 'never-answered',
      dimension: 2,
      replication_factor: 2,
    }).then(
      ({ status }) => status,
      () => undefined,
    );
    const isBegun = async (): Promise<boolean> =>
      (await client.listCollections()).some(({ name }) => name === 'never-answered');
    await until(isBegun, { what: 'the collection being begun' });
    await system.kill('gateway-1', 'start');
    await system.resume('index-2');
    await acting;
    expect(await unended).toBeUndefined();
    const entries = await Array.fromAsync(client.audit.findAll({ action: 'roles.put', limit: 1_000 }));
    const told = (name: string): string[] =>
      entries.flatMap(({ target, result }) => (target.endsWith(`/${name}`) ? [result] : [])).toReversed();
    for (const name of answered) expect([name, told(name)]).toEqual([name, ['begun', 'ok']]);
    const made = (await client.roles.list()).filter(({ name }) => name.startsWith('act-'));
    for (const { name } of made)
      expect([name, told(name).filter((result) => result === 'begun')]).toEqual([name, ['begun']]);
    await system.ready('gateway-1');
    const keyFile = join(own(), 'root.key');
    await writeFile(keyFile, root, { mode: 0o600 });
    const verified = await runCommand('audit', 'verify', '--data', system.data, '--key-file', keyFile);
    expect(verified).toMatchObject({ code: 0, out: expect.stringContaining(', 0 faults') });
    expect(verified.out).toMatch(
      /^begun, and not told what came of it: .* collections\.create \/api\/v1\/collections$/m,
    );
    await client.deleteCollection('never-answered');
  });

  it('have events refused when they are written whose key is good no longer, or not for that', async () => {
    const wide = { events: ['>'], collections: ['team-*'] };
    const { id, key } = await makeKey({ name: 'team', roles: ['editor'], ...wide });
    const viewer = await makeKey({ name: 'viewer', roles: ['viewer'], ...wide });
    await expect(produce({ key: viewer.key, id: viewer.id })).rejects.toThrow('Authorization Violation');
    const { nats } = await produce({ key, id });
    await nats.request(`vectorizer.events.books.upsert.${id}`, POINT);
    await nats.close();
    const operator = await connectNats({
      servers: await natsUrl(),
      name: 'operator',
      tls: tlsFiles(own(), 'operator'),
    });
    for (const end of ['', '.abcdefghijkl', `.${viewer.id}`])
      operator.publish(`vectorizer.events.books.upsert${end}`, POINT);
    await operator.flush();
    await operator.close();
    const letters = async (): Promise<[string, string][]> =>
      ((await get('events/dead-letters'))['dead_letters'] ?? []).map((letter) => {
        const { actor, error } = letter as { actor: string; error: { type: string } };
        return [actor, error.type];
      });
    await until(async () => (await letters()).length === 4, { what: 'four dead letters' });
    expect(await letters()).toEqual([
      [`key:${id}`, 'authorization_error'],
      ['unknown', 'authentication_error'],
      ['key:abcdefghijkl', 'authentication_error'],
      [`key:${viewer.id}`, 'authorization_error'],
    ]);
    expect((await get('audit?action=events.upsert&result=refused'))['entries']).toHaveLength(4);
  });
});
