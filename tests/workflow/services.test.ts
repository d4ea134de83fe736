import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { until } from '@vectorizer/testing';
import { startSystem } from '../system/system.ts';

/** The lines of every service's log, by service. */
async function logLines(data: string): Promise<Record<string, unknown>[]> {
  const directory = join(data, 'run');
  const names = (await readdir(directory)).filter(
    (name) => name.endsWith('.log') && !/^(nats|redis|supervisor)/.test(name),
  );
  const texts = await Promise.all(names.map(async (name) => readFile(join(directory, name), 'utf8')));
  return texts.flatMap((text) =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  );
}

describe('the five services as processes', () => {
  it('each answer health and metrics, and write JSON lines', async () => {
    await using system = await startSystem('cluster');
    await until(async () => (await logLines(system.data)).filter(({ msg }) => msg === 'listening').length === 5, {
      timeoutMs: 10_000,
    });
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
    await until(async () => (await passed('a-search')).size === 3, { timeoutMs: 5_000 });
    expect(await passed('a-write')).toEqual(new Set(['gateway', 'ingest', 'index']));
    expect(await passed('a-search')).toEqual(new Set(['gateway', 'query', 'index']));
  });

  it('are degraded as a whole while a replica is away', async () => {
    await using system = await startSystem('cluster');
    await system.client.createCollection({ name: 'books', dimension: 1 });
    const index = (await system.status()).processes.find(({ name }) => name === 'index-1');
    const health = async (): Promise<{ status: string; failed_checks: string[] }> =>
      (await (await fetch(`${system.url}/health`)).json()) as { status: string; failed_checks: string[] };
    await until(async () => (await health()).status === 'healthy', { timeoutMs: 20_000 });
    process.kill(index?.pid ?? 0, 'SIGSTOP');
    try {
      await until(async () => (await health()).status === 'degraded', { timeoutMs: 30_000 });
      expect(await health()).toMatchObject({ failed_checks: ['replication'] });
      expect((await fetch(`${system.url}/health`)).status).toBe(503);
      expect((await fetch(`${system.url}/health/ready`)).status).toBe(200);
      await expect(system.client.search('books', { vector: [1] })).rejects.toMatchObject({ type: 'index_unavailable' });
    } finally {
      process.kill(index?.pid ?? 0, 'SIGCONT');
    }
    await until(async () => (await health()).status === 'healthy', { timeoutMs: 20_000 });
  }, 120_000);

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
    await until(
      async () => {
        const status = (await client.replicationStatus()) as {
          replicas: { status: string; operations_synced: number }[];
        };
        return status.replicas[0]?.status === 'Connected' && status.replicas[0].operations_synced > 0;
      },
      { timeoutMs: 10_000 },
    );
    const status = (await client.replicationStatus()) as { role: string; enabled: boolean; stats: object };
    expect(status).toMatchObject({
      role: 'master',
      enabled: true,
      stats: { role: 'master', lag_ms: 0, operations_pending: 0, connected_replicas: 1 },
      replicas: [{ status: 'Connected', lag_ms: 0, state_hash: replica?.state_hash }],
    });
  });
});
