import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VectorizerClient } from '@vectorizer/client';
import { connectNats, trustAuthority, type NatsOptions } from '@vectorizer/cluster';
import { temporaryDirectory, until } from '@vectorizer/testing';
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
}, 180_000);
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
    await until(async () => (await keysInRedis()) > 0, { timeoutMs: 15_000, what: 'an answer in Redis' });
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
    await until(async () => (await certificateOf(system.url)) === expected, { timeoutMs: 15_000 });
    expect((await system.process('gateway-1')).pid).toBe(pid);
    await using client = new VectorizerClient({ url: system.urls });
    expect(await client.count('books')).toEqual({ count: 1 });
  });
});

describe('keys', () => {
  it('are made, heeded, counted and written down in an encrypted cluster as in any other', async () => {
    const keys = `${system.url}/api/v1/auth/keys`;
    const made = await ask(keys, undefined, { name: 'root', roles: ['admin'] });
    expect(made.status).toBe(201);
    const { id, key } = (await made.json()) as { id: string; key: string };
    expect((await ask(keys)).status).toBe(401);
    const seen = async (): Promise<boolean> => {
      const { usage } = (await (await ask(`${keys}/${id}`, key)).json()) as { usage: { requests: number } };
      const audit = await ask(`${system.url}/api/v1/audit?action=keys.create`, key);
      const { entries } = (await audit.json()) as { entries: unknown[] };
      return usage.requests > 0 && entries.length === 1;
    };
    await until(seen, { timeoutMs: 15_000, what: 'the use and the making of the key' });
    for (const name of ['gateway-1', 'query-1', 'ingest-1', 'index-1', 'monitor-1']) {
      const log = await readFile(join(system.data, `run/${name}.log`), 'utf8');
      expect(log).not.toContain('Permissions Violation');
    }
  });
});
