import { hostname } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { until } from '@vectorizer/testing';
import { startSystem } from '../system/system.ts';

type Check = {
  readonly name: string;
  readonly status: string;
  readonly message?: string;
  readonly processes?: unknown;
};
type Health = { readonly status: string; readonly checks: readonly Check[]; readonly failed_checks: readonly string[] };

async function ask(url: string, path = '/health'): Promise<{ code: number; health: Health }> {
  const answer = await fetch(`${url}${path}`);
  return { code: answer.status, health: (await answer.json()) as Health };
}

const MORE_THAN_ANY_DISK = { VECTORIZER_DISK_FREE_BYTES_MIN: String(1e15) };

describe('the health of the whole', () => {
  it('names what was looked at in every process, and what of it fails', async () => {
    await using system = await startSystem('cluster', MORE_THAN_ANY_DISK);
    const isKnown = async (): Promise<boolean> => {
      const { failed_checks: failed, checks } = (await ask(system.url)).health;
      const { processes } = checks.find(({ name }) => name === 'services') ?? {};
      // Each tells of itself every two seconds.
      return failed.includes('disk') && Object.values(processes ?? {}).every((heard) => heard === 1);
    };
    await until(isKnown, { what: 'every process being heard of' });
    const { code, health } = await ask(system.url);
    expect(code).toBe(503);
    expect(health).toMatchObject({ status: 'degraded', failed_checks: ['disk'] });
    const names = ['cache', 'disk', 'index', 'log', 'memory', 'replication', 'services', 'writes'];
    expect(health.checks.map(({ name }) => name).toSorted()).toEqual(names);
    const message = health.checks.find(({ name }) => name === 'disk')?.message;
    expect(message?.startsWith(`index at ${hostname()}:`)).toBe(true);
    expect(message).toMatch(/:\d+: \d+ MiB are free/);
    const { processes } = health.checks.find(({ name }) => name === 'services') ?? {};
    expect(processes).toEqual({ query: 1, ingest: 1, index: 1, 'replication-monitor': 1 });
    // It does its job all the same.
    expect((await ask(system.url, '/health/ready')).code).toBe(200);
    expect((await ask(system.url, '/health/live')).code).toBe(200);
  });

  it('is told of one process as of five', async () => {
    await using system = await startSystem('standalone');
    await until(async () => (await ask(system.url)).code === 200);
    const { health } = await ask(system.url);
    expect(health).toMatchObject({ status: 'healthy', failed_checks: [] });
    const names = health.checks.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['log', 'memory', 'index', 'replication', 'disk']));
  });
});
