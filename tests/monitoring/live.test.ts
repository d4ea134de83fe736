import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startPrometheus, until, type Prometheus, type Sample } from '@vectorizer/testing';
import { lettingIn } from '../system/keys.ts';
import { operator } from '../system/secure.ts';
import { startSystem, type System } from '../system/system.ts';
import { documented, exported } from './catalogue.ts';
import { compared, configFor, panelQueries, prometheusDirectory, rules, type Scraper } from './infra.ts';
import { Load } from './load.ts';

const SERVICES = ['gateway', 'ingest', 'query', 'index', 'replication-monitor'] as const;

async function slowQueries(url: string): Promise<SlowQueries> {
  const answer = await fetch(`${url}/api/v1/slow-queries?limit=256&order=slowest`);
  return (await answer.json()) as SlowQueries;
}

describe('a cluster under load, scraped by Prometheus', () => {
  let system: System;
  let prometheus: Prometheus;
  let load: Load;
  const addresses = new Map<string, readonly string[]>();
  beforeAll(async () => {
    system = await startSystem({ nodes: 2 }, { VECTORIZER_SLOW_QUERY_MS: '40' });
    const { processes } = await system.status();
    for (const service of SERVICES) {
      const urls = processes.filter(({ name }) => service.endsWith(name.replace(/-\d+$/, ''))).map(({ url }) => url);
      if (urls.length !== 2) throw new Error(`there are ${urls.length} of ${service}`);
      addresses.set(service, urls);
    }
    load = await Load.on(system);
    const targets = [...addresses].map(([service, urls]) => [service, urls.map((url) => new URL(url).host)] as const);
    prometheus = await startPrometheus({
      config: configFor(Object.fromEntries(targets), scraperOf(system)),
      directory: prometheusDirectory,
    });
  });
  afterAll(async () => {
    await load.stop();
    await prometheus[Symbol.asyncDispose]();
    await system[Symbol.asyncDispose]();
  });
  const scrapeAll = async (): Promise<string[]> => Promise.all([...addresses.values()].flat().map(scrape));
  const isForgotten = async (): Promise<boolean> => (await scrapeAll()).every((text) => !text.includes('books'));

  it('answers every query of every panel and every rule with numbers', async () => {
    const alerts = rules().map(({ name, expr }) => ({ where: name, expr: compared(expr) }));
    const asked = [...alerts, ...SERVICES.flatMap(panelQueries)];
    expect(asked.length).toBeGreaterThan(100);
    let empty: string[] = [];
    const look = async (): Promise<boolean> => {
      const found = await Promise.all(asked.map(async ({ expr }) => hasNumbers(await prometheus.query(expr))));
      empty = asked.filter((_, i) => found[i] !== true).map(({ where, expr }) => `${where}: ${expr}`);
      return empty.length === 0;
    };
    await until(look, { everyMs: 1_000 }).catch(() => undefined);
    expect(empty).toEqual([]);
  });

  it('exports what docs/METRICS.md says, and nothing that it does not', async () => {
    const texts = new Map<string, readonly string[]>();
    for (const [service, urls] of addresses) texts.set(service, await Promise.all(urls.map(scrape)));
    const found = exported(texts);
    const said = documented(SERVICES);
    expect([...found.keys()].toSorted()).toEqual([...said.keys()].toSorted());
    for (const [name, { type, labels, where }] of found) {
      const entry = said.get(name);
      expect([name, type]).toEqual([name, entry?.type]);
      expect([name, [...(entry?.where ?? [])].filter((service) => !where.has(service))]).toEqual([name, []]);
      // Of a metric without series no labels can be seen.
      const seen = labels.size > 0 ? [...labels] : [...(entry?.labels ?? [])];
      expect([name, seen.toSorted()]).toEqual([name, [...(entry?.labels ?? [])].toSorted()]);
    }
  });

  it('counts each search once, over all gateways: of a hundred ten are refused, and more than fifty come from the cache', async () => {
    await load.stop();
    const gateways = addresses.get('gateway') ?? [];
    const total = async (series: string): Promise<number> => {
      const texts = await Promise.all(gateways.map(scrape));
      const lines = texts.flatMap((text) => text.split('\n')).filter((line) => line.startsWith(series));
      return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    };
    const requests = 'vectorizer_search_requests_total{';
    const observed = 'vectorizer_search_latency_seconds_count{';
    const answered = async (status: string): Promise<number> =>
      total(`vectorizer_search_requests_total{collection="books",status="${status}"`);
    const [before, timed] = [await total(requests), await total(observed)];
    const [answers, refusals] = [await answered('success'), await answered('error')];
    expect(before).toBe(timed);
    let cached = 0;
    for (let i = 0; i < 100; i++) {
      const body = i % 10 === 0 ? { vector: [1] } : { vector: [1, 2, 3, 4, 5, 6, 7, 8], k: 3 };
      const url = `${system.urls[i % 2] ?? ''}/api/v1/collections/books/search`;
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
      expect(answer.status).toBe(i % 10 === 0 ? 400 : 200);
      if (answer.headers.get('x-cache') === 'hit') cached += 1;
    }
    expect([await total(requests), await total(observed)]).toEqual([before + 100, timed + 100]);
    expect([await answered('success'), await answered('error')]).toEqual([answers + 90, refusals + 10]);
    expect(cached).toBeGreaterThanOrEqual(50);
  });

  it('gathers the slow reads of both query processes, with the ids by which they were asked', async () => {
    // How many of the load's were slow, and where, is up to the machine: it fails reads until each process has had one.
    await until(
      async () => {
        await load.fail();
        return new Set((await slowQueries(system.url)).queries.map(({ process }) => process)).size === 2;
      },
      { what: 'a slow read of each query process' },
    );
    const { processes, unanswered, threshold_ms, queries } = await slowQueries(system.url);
    expect({ processes, unanswered, threshold_ms }).toEqual({ processes: 2, unanswered: 0, threshold_ms: 40 });
    const times = queries.map(({ took_ms }) => took_ms);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect(queries.find(({ failure }) => failure === 'replica_behind')).toMatchObject({
      correlation_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      procedure: 'search',
      collection: 'books',
      parameters: { consistency: 'session', searches: [{ vector: { dimension: 8 } }] },
    });
  });

  it('leaves no series of a collection that is dropped, in any process', async () => {
    await system.client.deleteCollection('books');
    await until(isForgotten, { everyMs: 200, what: 'the series of the collection being gone' });
    expect(await isForgotten()).toBe(true);
  });
});

type SlowQueries = {
  readonly processes: number;
  readonly unanswered: number;
  readonly threshold_ms: number;
  readonly queries: readonly { readonly process: string; readonly took_ms: number; readonly failure?: string }[];
};

function scraperOf({ url }: System): Scraper | undefined {
  const { tls } = operator();
  return tls === undefined
    ? undefined
    : { tls, apiKeyFile: lettingIn(['--url', url])['VECTORIZER_API_KEY_FILE'] ?? '' };
}

async function scrape(url: string): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}

function hasNumbers(samples: readonly Sample[]): boolean {
  return samples.some(({ value }) => Number.isFinite(value));
}
