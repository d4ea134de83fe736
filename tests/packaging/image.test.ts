import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VectorizerClient } from '@vectorizer/client';
import {
  freePort,
  startNats,
  temporaryDirectory,
  until,
  type NatsServer,
  type TemporaryDirectory,
} from '@vectorizer/testing';
import { validate } from 'dockerfile-utils';
import { assemble } from './assembled.ts';
import { dockerfileText, readImage } from './dockerfile.ts';
import { Containers, type Role } from './role.ts';

/**
 * The image without a container. With VECTORIZER_WHOLE_IMAGE=1 every step of its build is run in a clean copy, with a compiler; else
 * only the last, from the checkout as it is built here.
 */
// oxlint-disable-next-line node/no-process-env -- tests have no configuration of their own
const whole = process.env['VECTORIZER_WHOLE_IMAGE'] === '1';
const image = readImage();
const SERVICES = ['index', 'ingest', 'query', 'replication-monitor', 'gateway'] as const;
const ASSEMBLE_MS_MAX = 900_000;
const BYTES_MAX = 140 * 1024 * 1024;

let directory: TemporaryDirectory;
let files: string;
let containers: Containers;
let nats: NatsServer;

beforeAll(async () => {
  directory = await temporaryDirectory();
  files = assemble(image, { into: directory.path, whole });
  containers = new Containers(image, directory.path);
  nats = await startNats();
}, ASSEMBLE_MS_MAX);

afterAll(async () => {
  await nats[Symbol.asyncDispose]();
  execFileSync('chmod', ['-R', 'u+w', directory.path]);
  await directory[Symbol.asyncDispose]();
});

async function settings(more: Readonly<Record<string, string>> = {}): Promise<Record<string, string>> {
  const servers = { VECTORIZER_NATS_URL: nats.url, VECTORIZER_NATS_MONITOR_URL: nats.monitorUrl };
  return { ...servers, VECTORIZER_PORT: String(await freePort()), ...more };
}

async function healthy(role: Role, name: string): Promise<void> {
  await until(async () => (await role.health()).code === 0, { what: `${name} being healthy` });
}

const listing = (): string =>
  execFileSync('find', [files, '-printf', '%p %s %m %T@\n'], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });

describe('the Dockerfile', () => {
  it('has nothing that its linter objects to', () => {
    expect(validate(dockerfileText)).toEqual([]);
  });

  it('names its bases by version, its user by number, and what it is', () => {
    for (const base of image.bases) expect(base).toMatch(/^node:\d+\.\d+\.\d+-bookworm(-slim)?$/);
    expect(image.user).toMatch(/^[1-9]\d{4,}:[1-9]\d{4,}$/);
    expect(Object.keys(image.labels)).toEqual(
      expect.arrayContaining(
        ['title', 'licenses', 'version', 'revision'].map((key) => `org.opencontainers.image.${key}`),
      ),
    );
  });

  it('brings the Node that ./vectorizer brings', () => {
    const brought = /^node_version=(.*)$/m.exec(readFileSync('infra/bring/tools.sh', 'utf8'))?.[1];
    for (const base of image.bases) expect(base).toContain(`node:${brought ?? ''}-`);
  });
});

describe('the files of the image', () => {
  it('are production dependencies for one platform, and few bytes', () => {
    const names = execFileSync('ls', [join(files, 'node_modules/.pnpm')], { encoding: 'utf8' }).split('\n');
    expect(names.filter((name) => /^(jest|typescript|turbo|oxlint|prettier|vite|playwright-core)@/.test(name))).toEqual(
      [],
    );
    const left = execFileSync('find', [files, '-name', '*.node', '-o', '-name', '*.map'], { encoding: 'utf8' });
    expect(left).not.toMatch(/\.map$|darwin|win32/m);
    const bytes = Number(execFileSync('du', ['-sb', files], { encoding: 'utf8' }).split('\t')[0]);
    expect(bytes).toBeLessThan(BYTES_MAX);
    expect(whole && process.arch === 'x64' && instructionsOf(left).includes('%zmm')).toBe(false);
  });

  it('cannot be changed by the user of the image', async () => {
    const { code, output } = await containers.runAs(['touch', join(files, 'role'), join(files, 'new')]);
    expect([code, output]).toEqual([1, expect.stringMatching(/Permission denied[\s\S]*Permission denied/)]);
  });
});

/** Native code that was compiled for the machine at hand would have what not every server knows. */
function instructionsOf(addons: string): string {
  const addon = addons.split('\n').find((file) => file.endsWith('addon.node')) ?? '';
  return execFileSync('objdump', ['-d', '--no-show-raw-insn', addon], {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
}

describe('the roles', () => {
  it('are a cluster that writes and finds, answer their health command, and stop at SIGTERM', async () => {
    const before = listing();
    const gateway = await settings();
    await using stack = new AsyncDisposableStack();
    const roles = new Map<string, Role>();
    for (const name of SERVICES) {
      const role = containers.start(
        [name === 'index' ? 'index-1' : name],
        name === 'gateway' ? gateway : await settings(),
      );
      roles.set(name, stack.use(role));
    }
    for (const [name, role] of roles) await healthy(role, name);

    const keyFile = join(containers.volume('/keys'), 'admin.key');
    const apiKey = readFileSync(keyFile, 'utf8').trim();
    const url = `http://127.0.0.1:${gateway['VECTORIZER_PORT'] ?? ''}`;
    await using client = new VectorizerClient({ url, apiKey });
    await client.createCollection({ name: 'books', dimension: 2, metric: 'dot' });
    await client.upsert('books', [
      { id: 'a', vector: [1, 0] },
      { id: 'b', vector: [0, 1] },
    ]);
    const { hits } = await client.search('books', { vector: [0, 2], k: 1 });
    expect(hits).toMatchObject([{ id: 'b', score: 2 }]);

    // What is served from files is there, too.
    for (const path of ['/openapi.json', '/docs/', '/dashboard/']) {
      expect([path, (await fetch(`${url}${path}`)).status]).toEqual([path, 200]);
    }
    const keys = await containers.run(['cli', 'keys', 'list', '--url', url, '--key-file', keyFile]);
    expect(keys).toEqual({ code: 0, output: expect.stringContaining('bootstrap') });
    const started = [...roles.values()];
    const ends = await Promise.all(started.map(async (role) => role.stop()));
    expect(ends.filter(({ code }) => code !== 0)).toEqual([]);
    expect((await started[0]?.health())?.code).toBe(1);
    expect(listing()).toBe(before);
  });

  it('are one process unless told otherwise, with a certificate, which finds what the cluster wrote in the same volumes', async () => {
    const certificates = join(directory.path, 'certs');
    expect(
      (await containers.run(['cli', 'certs', 'init', '--dir', join(containers.volume('/data'), 'certs')])).code,
    ).toBe(0);
    renameSync(join(containers.volume('/data'), 'certs'), certificates);
    const environment = await settings({
      VECTORIZER_HTTPS_CERT_FILE: join(certificates, 'gateway.crt'),
      VECTORIZER_HTTPS_KEY_FILE: join(certificates, 'gateway.key'),
    });
    await using standalone = containers.start(image.command, environment);
    await healthy(standalone, 'standalone');
    const apiKey = readFileSync(join(containers.volume('/keys'), 'admin.key'), 'utf8').trim();
    const url = `https://127.0.0.1:${environment['VECTORIZER_PORT'] ?? ''}`;
    const ca = readFileSync(join(certificates, 'ca.crt'), 'utf8');
    await using client = new VectorizerClient({ url, apiKey, ca });
    expect((await client.search('books', { vector: [3, 0], k: 1 })).hits).toMatchObject([{ id: 'a', score: 3 }]);
    expect((await standalone.stop()).code).toBe(0);
  });

  it('stop at SIGTERM before they have started, too', async () => {
    // A log server that takes connections and says nothing.
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const connected = once(silent, 'connection');
    await using query = containers.start(
      ['query'],
      await settings({ VECTORIZER_NATS_URL: `nats://127.0.0.1:${port}` }),
    );
    const [socket] = (await connected) as [Socket];
    const ended = await query.stop();
    socket.destroy();
    silent.close();
    expect(ended).toEqual({ code: 0, output: expect.stringContaining('stopped before it had started') });
  });

  it('that do not exist are refused with those that do', async () => {
    expect(await containers.run(['database'])).toEqual({
      code: 2,
      output: expect.stringContaining('replication-monitor'),
    });
  });
});
