import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VectorizerClient } from '@vectorizer/client';
import { until } from '@vectorizer/testing';
import { credentialsFor } from '../system/keys.ts';
import { lastJson, runCommand } from '../system/command.ts';
import { startSystem, type Status, type System } from '../system/system.ts';

const NAMES =
  'nats-1 nats-2 nats-3 redis index-1 index-2 index-3 ' +
  'ingest-1 ingest-2 query-1 query-2 monitor-1 monitor-2 gateway-1 gateway-2';
/** A heartbeat comes every second, and counts as missing after three; a cut or paused process is noticed by then. */

async function live(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined);
  return answer?.ok === true;
}

describe('the commands of a cluster', () => {
  let system: System;
  let client: VectorizerClient;
  beforeAll(async () => {
    system = await startSystem({ nodes: 3, shards: 2, replicas: 3, faults: true });
    client = system.client;
    await client.createCollection({ name: 'books', dimension: 1, metric: 'dot' });
    await client.upsert('books', [{ id: 'a', vector: [1] }]);
  });
  afterAll(async () => system[Symbol.asyncDispose]());

  /** How the gateway finds the replicas on the first node: whether they answer it. */
  const reachable = async (node: string): Promise<boolean> => {
    const { shards } = await client.getCollection('books');
    return shards.flatMap(({ replicas }) => replicas).every((replica) => replica.node !== node || replica.reachable);
  };
  /** The id under which the cluster knows an index node, which its metrics and placements name. */
  const nodeOf = async (name: string): Promise<string> => {
    const health = await (await fetch(`${(await system.process(name)).url}/health`)).json();
    const { checks } = health as { checks: { name: string; node?: string }[] };
    return checks.find((check) => check.name === 'index')?.node ?? '';
  };

  it('name every process, and where it answers', async () => {
    const status = lastJson(await runCommand('cluster', 'status', '--data', system.data, '--json')) as Status;
    expect(status.processes.map(({ name }) => name).toSorted()).toEqual(NAMES.split(' ').toSorted());
    for (const { alive, state, cut } of status.processes) expect({ alive, state, cut }).toEqual(FINE);
    expect(system.urls).toHaveLength(2);
  });

  it('give collections the shards and replicas that were asked for, through either gateway', async () => {
    await using other = new VectorizerClient({ url: system.urls[1] ?? '', ...credentialsFor(system.urls) });
    const { shards } = await other.getCollection('books');
    expect(shards.map(({ replicas }) => replicas.length)).toEqual([3, 3]);
    await other.createCollection({ name: 'single', dimension: 1, shards: 1, replication_factor: 1 });
    expect((await client.getCollection('single')).shards.map(({ replicas }) => replicas.length)).toEqual([1]);
    await client.deleteCollection('single');
  });

  it('kill a process, which is started again by itself', async () => {
    const node = await nodeOf('index-1');
    const { pid } = await system.process('index-1');
    await system.kill('index-1');
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    await system.ready('index-1');
    expect((await system.process('index-1')).pid).not.toBe(pid);
    await until(() => reachable(node));
  });

  it('hold a killed process until it is told to start', async () => {
    const [, url = ''] = system.urls;
    await system.kill('gateway-2', 'hold');
    expect(await system.process('gateway-2')).toMatchObject({ alive: false, state: 'held' });
    expect(await live(url)).toBe(false);
    const refused = await runCommand('cluster', 'kill', 'gateway-2', '--data', system.data);
    expect(refused).toMatchObject({ code: 1, err: 'vectorizer: gateway-2 is held; it does not run\n' });
    await system.start('gateway-2');
    await until(() => live(url));
  });

  it('pause a process, which then answers nobody, and resume it', async () => {
    const node = await nodeOf('index-2');
    await system.pause('index-2');
    expect(await system.process('index-2')).toMatchObject({ alive: true, state: 'paused' });
    expect(await reachable(node)).toBe(false);
    await system.resume('index-2');
    await until(() => reachable(node));
    expect(await system.process('index-2')).toMatchObject(FINE);
  });

  it('cut the connections of a process, which lives on, and mend them', async () => {
    const node = await nodeOf('index-3');
    await system.cut('index-3');
    const { cut, url } = await system.process('index-3');
    expect(cut).toBe(true);
    expect(await reachable(node)).toBe(false);
    expect(await live(url)).toBe(true);
    await system.mend('index-3');
    await until(() => reachable(node));
  });

  it('do the same to the servers beneath', async () => {
    for (const name of ['nats-3', 'redis']) {
      await system.pause(name);
      await system.resume(name);
      await system.cut(name);
      await system.mend(name);
      await system.kill(name);
      await system.ready(name);
    }
    await client.upsert('books', [{ id: 'b', vector: [2] }]);
    expect(await client.count('books', { consistency: 'strong' })).toEqual({ count: 2 });
  });

  it('refuse a name that no process has', async () => {
    const refused = await runCommand('cluster', 'pause', 'index-9', '--data', system.data);
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/^vectorizer: no process is named index-9; there are nats-1, /);
  });

  it('refuse what cannot be: orders to nobody, more replicas than nodes', async () => {
    expect((await runCommand('cluster', 'kill', 'index-1', '--data', '/dev/null')).err).toBe(
      'vectorizer: nothing runs on /dev/null that takes orders\n',
    );
    const args = ['cluster', 'up', '--nodes', '2', '--replicas', '3', '--data', `${system.data}-none`];
    expect((await runCommand(...args)).err).toBe('vectorizer: 3 replicas need as many nodes, not 2\n');
  });

  it('stop everything, also what is paused and cut', async () => {
    await system.pause('index-1');
    await system.cut('query-1');
    const { processes } = await system.status();
    expect(await runCommand('cluster', 'down', '--data', system.data)).toMatchObject({ code: 0, out: 'stopped\n' });
    for (const { pid } of processes) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});

const FINE = { alive: true, state: 'running', cut: false };
