import { createServer } from 'node:http';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { temporaryDirectory, until } from '@vectorizer/testing';
import { lastJson, runCommand, startCommand } from '../system/command.ts';
import { startSystem } from '../system/system.ts';

describe('the command line', () => {
  it('refuses a port that is taken, with one clear line', async () => {
    await using directory = await temporaryDirectory();
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const refused = await runCommand('up', '--port', String(port), '--data', directory.path, '--detach');
    server.close();
    expect(refused).toMatchObject({ code: 1, err: `vectorizer: port ${port} is taken; choose another with --port\n` });
  });

  it('refuses a data directory that another instance uses', async () => {
    await using system = await startSystem();
    const refused = await runCommand('up', '--port', '0', '--data', system.data);
    expect(refused.code).toBe(1);
    expect(refused.err).toBe(`vectorizer: data directory ${system.data} is in use by another process\n`);
    expect((await system.status()).running).toBe(true);
  });

  it('refuses a data directory that cannot be written', async () => {
    // Permissions do not stop root; what is no directory does.
    const refused = await runCommand('up', '--port', '0', '--data', '/dev/null/data');
    expect(refused).toMatchObject({ code: 1, err: 'vectorizer: data directory /dev/null/data is not writable\n' });
  });

  it('refuses to hide data by starting in another shape (regression)', async () => {
    await using directory = await temporaryDirectory();
    const args = ['--port', '0', '--data', directory.path, '--detach'];
    expect(await runCommand('cluster', 'up', '--nodes', '2', ...args)).toMatchObject({ code: 0 });
    await runCommand('down', '--data', directory.path);
    for (const shape of [['up'], ['cluster', 'up', '--nodes', '3']]) {
      const refused = await runCommand(...shape, ...args);
      expect(refused.code).toBe(1);
      expect(refused.err).toContain('was written by 2 index nodes and 1 log servers; start it with');
    }
  });

  it('tells what runs, and stops it', async () => {
    await using system = await startSystem();
    const status = await runCommand('status', '--data', system.data);
    expect(status).toMatchObject({ code: 0, out: expect.stringContaining(`standalone at ${system.url}, healthy`) });
    await system.down();
    expect(await runCommand('status', '--data', system.data)).toMatchObject({ code: 3 });
    expect(await runCommand('down', '--data', system.data)).toMatchObject({ code: 0, out: 'nothing was running\n' });
    await expect(fetch(system.url)).rejects.toThrow('fetch failed');
  });

  it('starts a process that crashed again', async () => {
    await using system = await startSystem();
    await system.client.createCollection({ name: 'books', dimension: 1, metric: 'dot' });
    await system.client.upsert('books', [{ id: 'a', vector: [1] }]);
    const before = (await system.status()).processes;
    for (const { pid } of before) process.kill(pid, 'SIGKILL');
    await until(async () => {
      const { processes } = await system.status();
      return processes.every(({ alive, pid }) => alive && before.every((old) => old.pid !== pid));
    });
    await until(async () => (await fetch(`${system.url}/health/ready`).catch(() => undefined))?.ok === true);
    expect(await system.client.count('books', { consistency: 'strong' })).toEqual({ count: 1 });
  });

  it('runs in the foreground until it is told to stop', async () => {
    await using directory = await temporaryDirectory();
    const up = startCommand(['up', '--port', '0', '--data', directory.path, '--json']);
    await until(async () => (await runCommand('status', '--data', directory.path)).code === 0);
    up.kill('SIGINT');
    const ended = await up.ended;
    expect(ended.code).toBe(0);
    expect(lastJson(ended)).toMatchObject({ data: directory.path, pid: up.pid });
  });

  it('shows a sample and three searches', async () => {
    await using system = await startSystem();
    const demo = await runCommand('demo', '--url', system.url);
    expect(demo.code).toBe(0);
    expect(await system.client.listCollections()).toMatchObject([{ name: 'demo' }]);
  });
});
