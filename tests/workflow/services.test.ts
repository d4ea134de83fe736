import { describe, expect, it } from '@jest/globals';
import { pauseProcess, until } from '@vectorizer/testing';
import { runCommand } from '../system/command.ts';
import { logLines } from '../system/log-lines.ts';
import { startSystem } from '../system/system.ts';

describe('the five services as processes', () => {
  it('each answer health and metrics, and write JSON lines', async () => {
    await using system = await startSystem('cluster');
    await until(async () => (await logLines(system.data)).filter(({ msg }) => msg === 'listening').length === 5);
    const listening = (await logLines(system.data)).filter(({ msg }) => msg === 'listening');
    const services = new Set(listening.map(({ service }) => service));
    expect(services).toEqual(new Set(['gateway', 'index', 'ingest', 'query', 'replication-monitor']));
    for (const { url } of listening) {
      for (const path of ['/health', '/health/live', '/health/ready']) {
        expect((await fetch(`${String(url)}${path}`)).status).toBe(200);
      }
      const metrics = await fetch(`${String(url)}/metrics`);
      expect(metrics.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
      expect(await metrics.text()).toContain('process_cpu_seconds_total');
    }
  });

  it('write the correlation id of a request in every line about it, in each service that it passed', async () => {
    await using system = await startSystem('cluster', { VECTORIZER_LOG_LEVEL: 'debug' });
    await system.client.createCollection({ name: 'books', dimension: 1, metric: 'dot' });
    const ask = async (id: string, path: string, init: RequestInit): Promise<void> => {
      const headers = { 'content-type': 'application/json', 'x-correlation-id': id };
      const answer = await fetch(`${system.url}/api/v1/collections/books/${path}`, { ...init, headers });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-correlation-id')).toBe(id);
    };
    await ask('a-write', 'vectors', { method: 'PUT', body: JSON.stringify({ points: [{ id: 'a', vector: [1] }] }) });
    await ask('a-search', 'search', { method: 'POST', body: JSON.stringify({ vector: [1] }) });
    const passed = async (id: string): Promise<Set<unknown>> => {
      const lines = (await logLines(system.data)).filter(({ correlation_id }) => correlation_id === id);
      return new Set(lines.map(({ service }) => service));
    };
    await until(async () => (await passed('a-search')).size === 3);
    expect(await passed('a-write')).toEqual(new Set(['gateway', 'ingest', 'index']));
    expect(await passed('a-search')).toEqual(new Set(['gateway', 'query', 'index']));
    const lines = await logLines(system.data);
    // What a call of the bus says is about the request that made it.
    const calls = lines.filter(({ procedure }) => /^(ingest|query|index)\.(write|search)$/.test(String(procedure)));
    expect(calls.length).toBeGreaterThanOrEqual(3);
    expect(calls.filter(({ correlation_id: id }) => id !== 'a-write' && id !== 'a-search')).toEqual([]);
  });

  it('tell everything about a request to whoever has its correlation id, once they are told to tell more', async () => {
    await using system = await startSystem('cluster');
    await system.client.createCollection({ name: 'books', dimension: 2, metric: 'dot' });
    const ask = async (id: string, path: string, init: { method: string; body: object }): Promise<Response> =>
      fetch(`${system.url}/api/v1/${path}`, {
        method: init.method,
        headers: { 'content-type': 'application/json', 'x-correlation-id': id },
        body: JSON.stringify(init.body),
      });
    const linesOf = async (id: string): Promise<string[]> => {
      const { out } = await runCommand('logs', id, '--data', system.data);
      return out.trim().split('\n').slice(0, -1);
    };
    // At level info: what went wrong, and nothing of what did not.
    const write = { method: 'PUT', body: { points: [{ id: 'a', vector: [0.123_456_7, 2] }] } };
    await ask('quiet', 'collections/books/vectors', write);
    await ask('wrong', 'collections/nowhere/vectors', write);
    expect(await linesOf('quiet')).toEqual([]);
    expect(await linesOf('wrong')).toEqual([expect.stringContaining('gateway-1')]);

    expect((await ask('more', 'log-level', { method: 'PUT', body: { level: 'debug', for_s: 600 } })).status).toBe(202);
    const changed = async (): Promise<number> =>
      (await logLines(system.data)).filter(({ level_now: now }) => now === 'debug').length;
    await until(async () => (await changed()) === 5, { what: 'every service having heard of it' });
    await ask('told', 'collections/books/vectors', write);
    const told = async (part: string): Promise<boolean> => (await linesOf('told')).some((line) => line.includes(part));
    await until(async () => (await told('  request  ')) && (await told('  applied  ')));
    const lines = await linesOf('told');
    for (const part of ['gateway-1', 'ingest-1', 'index-1', 'procedure=ingest.write', 'procedure=index.outcomes']) {
      expect(lines.join('\n')).toContain(part);
    }
    expect(lines).toEqual(lines.toSorted());

    // Not one line of any service at any level holds what was written.
    expect(JSON.stringify(await logLines(system.data))).not.toContain('1234567');
    const { code, out } = await runCommand('logs', 'nobody', '--data', system.data);
    expect([code, out]).toEqual([1, expect.stringContaining('no line is about nobody')]);
  });

  it('are degraded as a whole while a replica is away', async () => {
    await using system = await startSystem('cluster');
    await system.client.createCollection({ name: 'books', dimension: 1 });
    const index = (await system.status()).processes.find(({ name }) => name === 'index-1');
    const health = async (): Promise<{ status: string; failed_checks: string[] }> =>
      (await (await fetch(`${system.url}/health`)).json()) as { status: string; failed_checks: string[] };
    await until(async () => (await health()).status === 'healthy');
    pauseProcess(index?.pid ?? 0);
    try {
      // It is the only process of its service as well.
      const failed = async (): Promise<string> => (await health()).failed_checks.toSorted().join(' ');
      await until(async () => (await failed()) === 'replication services');
      expect((await fetch(`${system.url}/health`)).status).toBe(503);
      expect((await fetch(`${system.url}/health/ready`)).status).toBe(200);
      await expect(system.client.search('books', { vector: [1] })).rejects.toMatchObject({ type: 'index_unavailable' });
    } finally {
      process.kill(index?.pid ?? 0, 'SIGCONT');
    }
    await until(async () => (await health()).status === 'healthy');
  });

  it('tell the truth about their replicas', async () => {
    await using system = await startSystem('cluster');
    const { client } = system;
    await client.createCollection({ name: 'books', dimension: 1, metric: 'dot' });
    await client.upsert('books', [
      { id: 'a', vector: [1] },
      { id: 'b', vector: [2] },
    ]);
    const { shards } = await client.getCollection('books');
    const [replica] = shards[0]?.replicas ?? [];
    expect(replica).toMatchObject({ reachable: true, phase: 'following', points: 2, applied_sequence: 1 });
    await until(async () => {
      const [first] = (await client.replication.status()).replicas;
      return first?.status === 'Connected' && first.operations_synced > 0;
    });
    expect(await client.replication.status()).toMatchObject({
      role: 'master',
      enabled: true,
      stats: { role: 'master', lag_ms: 0, operations_pending: 0, connected_replicas: 1 },
      replicas: [{ status: 'Connected', lag_ms: 0, state_hash: replica?.state_hash }],
    });
  });
});
