import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { temporaryDirectory, type TemporaryDirectory } from '@vectorizer/testing';
import { lastJson, startCommand, type Ended } from '../system/command.ts';
import { startSystem, type System } from '../system/system.ts';

const root = resolve(import.meta.dirname, '../..');
let directory: TemporaryDirectory;
const pathOf = (name: string): string => join(directory.path, name);

beforeAll(async () => {
  directory = await temporaryDirectory();
});
afterAll(async () => directory[Symbol.asyncDispose]());

async function settingsFile(name: string, ...lines: string[]): Promise<string> {
  await writeFile(pathOf(name), lines.join('\n'));
  return pathOf(name);
}

/** A service's own process, as a container runs it. */
async function startService(app: string, args: string[], env: Record<string, string> = {}): Promise<Ended> {
  const child = spawn(process.execPath, [join(root, 'apps', app, 'dist/main.js'), ...args], { env });
  const [[code], out, err] = await Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]);
  return { code: code as number | null, out, err };
}

describe('settings from a file, the environment and flags', () => {
  let system: System;

  beforeAll(async () => {
    const file = await settingsFile(
      'settings.yaml',
      'default_shards: 2',
      'slow_query_ms: 0',
      'rate_tiers: { gold: { read: { per_s: 7, burst: 7 }, write: null } }',
      'standalone:',
      '  default_shards: 3',
    );
    const environment = { VECTORIZER_CONFIG: file, VECTORIZER_SLOW_QUERY_MS: '60000', VECTORIZER_CACHE_BYTES: '0' };
    system = await startSystem('standalone', environment, ['--slow-query-ms', '0', '--audit-changes', 'false']);
  });
  afterAll(async () => system[Symbol.asyncDispose]());

  it('take effect, the nearer one first', async () => {
    const { client, url } = system;
    await client.createCollection({ name: 'books', dimension: 1, metric: 'dot' });
    // Of the file, its part for the service before that for all.
    expect((await client.getCollection('books')).shards).toHaveLength(3);
    await client.upsert('books', [{ id: 'a', vector: [1] }]);
    // Of the environment: nothing is kept, so nothing is found again.
    const search = async (): Promise<string | null> => {
      const body = JSON.stringify({ vector: [1], k: 1 });
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${url}/api/v1/collections/books/search`, { method: 'POST', headers, body });
      return answer.headers.get('x-cache');
    };
    expect([await search(), await search()]).not.toContain('hit');
    // Of the flag, before the environment and the file: every read is slow.
    const slow = await (await fetch(`${url}/api/v1/slow-queries`)).json();
    expect(slow).toMatchObject({ threshold_ms: 0, queries: [{ collection: 'books' }, { collection: 'books' }] });
  });
});

describe('a service', () => {
  it('refuses to start with what nobody knows, and tells all of it with its place', async () => {
    const file = await settingsFile('bad.yaml', 'log_level: loud', 'chache_bytes: 1');
    const env = {
      VECTORIZER_CONFIG: file,
      VECTORIZER_REDIS_PASSWRD: 'hush',
      VECTORIZER_REDIS_URL: 'http://:hush@redis',
    };
    const { code, out } = await startService('query', ['--prot', '0'], env);
    expect(code).toBe(1);
    const { reason } = JSON.parse(out.trim()) as { readonly reason: string };
    expect(reason.split('\n  ')).toEqual([
      'these settings cannot be used:',
      `${file}:2: no setting is named chache_bytes; did you mean cache_bytes?`,
      'VECTORIZER_REDIS_PASSWRD: no variable has this name; did you mean VECTORIZER_REDIS_PASSWORD?',
      '--prot: no flag has this name; did you mean --port?',
      expect.stringContaining(`${file}:1: log_level: expected `),
      expect.stringContaining('VECTORIZER_REDIS_URL: redis_url: expected '),
    ]);
    expect(out).not.toContain('hush');
  });
});

describe('up', () => {
  it('refuses what it decides itself, and what nobody knows', async () => {
    const file = await settingsFile('cluster.yaml', 'nats_url: nats://10.0.0.1:4222', 'gateway: { prot: 1 }');
    const args = ['cluster', 'up', '--data', pathOf('data'), '--port', '0'];
    const refused = await startCommand([...args, '--config', file]).ended;
    expect(refused.code).toBe(1);
    expect(refused.err.split('\n  ')).toEqual([
      'vectorizer: these settings cannot be used:',
      `${file}:2: no setting is named prot; did you mean port?`,
      expect.stringContaining(`${file}:1: nats_url cannot be set here: an instance starts its log servers itself`),
    ]);
    const unknown = await startCommand([...args, '--cach-bytes', '1']).ended;
    expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining('(Did you mean --cache-bytes?)') });
  });
});

async function check(args: string[], env = {}): Promise<Ended> {
  return startCommand(['config', 'check', ...args], env).ended;
}

describe('config', () => {
  it('checks settings without starting anything', async () => {
    const good = await settingsFile('good.yaml', 'cache: { ttl_s: 60 }', 'redis: { password_file: ./password }');
    await writeFile(pathOf('password'), 'hush\n');
    expect(await check([good])).toMatchObject({ code: 0, out: '' });
    const lacking = await check([good, '--service', 'index']);
    expect(lacking).toMatchObject({ code: 1, out: 'data: is needed by index\n' });
    const bad = await settingsFile('bad.yaml', 'cache: { tll_s: 60 }', 'redis: { password_file: ./nothing }');
    const refused = await check([], { VECTORIZER_CONFIG: bad, VECTORIZER_PROT: '1' });
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('3 problems') });
    expect(refused.out.trim().split('\n')).toEqual([
      `${bad}:1: no setting is named cache_tll_s; did you mean cache_ttl_s?`,
      'VECTORIZER_PROT: no variable has this name; did you mean VECTORIZER_PORT?',
      `${bad}:2: redis_password: ${pathOf('nothing')} cannot be read: ENOENT`,
    ]);
    const elsewhere = await check([bad, '--no-files']);
    expect(elsewhere.out).not.toContain('ENOENT');
  });

  it('shows what is in effect and who said so, but no secret', async () => {
    const file = await settingsFile(
      'shown.yaml',
      'cache: { ttl_s: 60 }',
      'redis:',
      '  url: redis://me:hush@redis:6379',
    );
    const env = { VECTORIZER_CACHE_BYTES: '0', VECTORIZER_REDIS_PASSWORD: 'hush' };
    const args = ['config', 'show', file, '--service', 'query', '--port', '0', '--json'];
    const ended = await startCommand(args, env).ended;
    const { settings } = lastJson(ended) as { readonly settings: readonly { readonly name: string }[] };
    const of = (name: string): object | undefined => settings.find((each) => each.name === name);
    expect(of('cache_ttl_s')).toEqual({ name: 'cache_ttl_s', value: '60', from: `${file}:1` });
    expect(of('cache_bytes')).toEqual({ name: 'cache_bytes', value: '0', from: 'VECTORIZER_CACHE_BYTES' });
    expect(of('port')).toEqual({ name: 'port', value: '0', from: '--port' });
    expect(of('redis_url')).toEqual({ name: 'redis_url', value: 'redis://(hidden)@redis:6379', from: `${file}:3` });
    expect(of('log_level')).toEqual({ name: 'log_level', value: 'info', from: 'default' });
    expect(ended.out).not.toContain('hush');
  });
});
