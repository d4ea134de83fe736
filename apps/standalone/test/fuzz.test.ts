import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Access } from '@vectorizer/frame';
import * as fc from 'fast-check';
import { attacksOn, type Attack } from './attacks.ts';
import { DescribedSystem } from './described.ts';
import { qdrantAttack } from './qdrant-attacks.ts';

/**
 * Requests that no client of good will sends, and almost good ones, to every operation, made from the description of the API:
 * whatever comes, the answer is one that is described, and never 500; and what is not of the form that is described is
 * refused. VECTORIZER_FUZZ_RUNS=10000 for a long look; a failing run prints its seed and the smallest request that fails.
 */
// oxlint-disable-next-line node/no-process-env -- the length of the look is for whoever runs the test to say
const RUNS = Number(process.env['VECTORIZER_FUZZ_RUNS'] ?? 500);
const QDRANT_RUNS = Math.round(RUNS / 5);
/** The short look is the same each time; the long one another. */
const SEED = RUNS > 500 ? Date.now() : 7;
const HEAP_GROWTH_MAX = 64 * 1024 * 1024;
/** The router takes no longer ones for a parameter. */
const PARAMETER_CHARACTERS_MAX = 4_096;
const BOOKS = { name: 'books', dimension: 3, payload_indexes: [{ key: 'year', type: 'integer' }] };
const CODES = { name: 'codes', dimension: 3, kind: 'quantized' };

describe('every operation', () => {
  let system: DescribedSystem;
  beforeAll(async () => {
    system = await DescribedSystem.start();
    await restore('books');
    await restore('codes');
  });
  afterAll(async () => system[Symbol.asyncDispose]());

  it(`answers ${RUNS} requests as it is described to, and refuses what is not`, async () => {
    const routes = [...system.api.operations.keys()];
    const attack = fc.constantFrom(...routes).chain((route) => attacksOn(route, system.api));
    const tried = new Map<string, number>();
    const heap: number[] = [];
    let asked = 0;
    const property = fc.asyncProperty(attack, async (each) => {
      if (asked++ % Math.ceil(RUNS / 10) === 0) heap.push(heapBytes());
      const status = await strike(each);
      tried.set(String(status), (tried.get(String(status)) ?? 0) + 1);
    });
    await fc.assert(property, {
      numRuns: RUNS,
      seed: SEED,
      interruptAfterTimeLimit: 1_150_000,
      markInterruptAsFailure: true,
    });
    heap.push(heapBytes());
    const megabytes = heap.map((bytes) => Math.round(bytes / 1e6)).join(' ');
    const statuses = [...tried]
      .toSorted(([a], [b]) => Number(a) - Number(b))
      .map(([status, times]) => `${times} × ${status}`);
    process.stdout.write(
      `${asked} requests to ${routes.length} operations: ${statuses.join(', ')}; heap ${megabytes} MB\n`,
    );
    const [, settled = 0] = heap;
    expect((heap.at(-1) ?? 0) - settled).toBeLessThan(HEAP_GROWTH_MAX);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
    expect((await system.ask('GET /health/live')).status).toBe(200);
    expect(routes.filter((route) => !system.seen.has(route))).toEqual([]);
  }, 1_200_000);

  it(`and those of Qdrant's interface answer ${QDRANT_RUNS} requests in its shape`, async () => {
    const routes = system.cluster.app.nest
      .get(Access)
      .guard.routes.filter(({ method, pattern }) => method !== 'HEAD' && pattern.startsWith('/qdrant'));
    expect(routes.length).toBeGreaterThan(20);
    const property = fc.asyncProperty(qdrantAttack, async ({ route, parameters, query, raw }) => {
      const { method, pattern } = routes[route % routes.length] ?? { method: 'GET', pattern: '/qdrant' };
      let place = 0;
      const path = pattern.replaceAll(/:[a-z_]+/gi, () => encode(parameters[place++ % parameters.length] ?? ''));
      const sent = method === 'GET' || raw === undefined ? {} : { payload: raw };
      const { statusCode, body } = await system.cluster.app.inject({
        method: method as 'GET',
        url: `${path}?${query}`,
        headers: { 'x-api-key': system.key, ...('payload' in sent && { 'content-type': 'application/json' }) },
        ...sent,
      });
      const what = `${method} ${path}?${query} ${raw?.toString('latin1').slice(0, 300) ?? ''}`;
      if (statusCode === 500) throw new Error(`${what}: ${body}`);
      if (statusCode >= 400) checkQdrantError(body, what);
      // Only what was dropped is made again.
      if (method === 'DELETE') for (const name of ['books', 'codes']) await restore(name);
    });
    await fc.assert(property, {
      numRuns: QDRANT_RUNS,
      seed: SEED,
      interruptAfterTimeLimit: 1_150_000,
      markInterruptAsFailure: true,
    });
    expect((await system.ask('GET /health/live')).status).toBe(200);
  }, 1_200_000);

  /** Answers the status; throws what is wrong with the answer. */
  async function strike({ route, path, query, headers, raw, json }: Attack): Promise<number> {
    const isEndless = JSON.stringify(system.api.operations.get(route)?.responses['200'] ?? {}).includes('event-stream');
    const asked = { ...query, ...(isEndless && { 'unheard-of': '1' }) };
    const text = Object.entries(asked).map(([name, value]) => `${encode(name)}=${encode(value)}`);
    if (hasTimeout(route) && query['timeout_ms'] === undefined) text.push('timeout_ms=200');
    const given = Object.fromEntries(Object.entries(path).map(([name, value]) => [name, value.toWellFormed()]));
    const longest = Math.max(0, ...Object.values(given).map((value) => value.length));
    const answer = await system.ask(route, { path: given, query: text.join('&'), headers, raw });
    const what = `${route} ${JSON.stringify(given)}?${text.join('&')} ${raw?.toString('latin1').slice(0, 300) ?? ''}`;
    const faults = system.faults.splice(0);
    // What names no route is answered so, whatever the operation that was meant.
    if (answer.type === 'not_found' && (longest > PARAMETER_CHARACTERS_MAX || isNowhere(given))) return answer.status;
    if (answer.status === 500 || faults.length > 0) throw new Error(`${what}: ${faults.join('; ')} ${answer.text}`);
    if (/\bat .*\.(js|ts):\d+|node_modules/.test(answer.text) && answer.status >= 400)
      throw new Error(`${what} shows a stack`);
    if (answer.status < 300) await accepted({ route, path: given, json, what });
    return answer.status;
  }

  /** What was done is undone, and what should have been refused is told. */
  async function accepted({
    route,
    path,
    json,
    what,
  }: Pick<Attack, 'route' | 'path' | 'json'> & { what: string }): Promise<void> {
    const isEmpty = json === undefined || json === null;
    const misfit = isEmpty || system.api.bodyOf(route) === undefined ? undefined : system.api.bodyMisfit(route, json);
    if (misfit !== undefined) throw new Error(`${what} is taken, and is not as described: ${misfit}`);
    if (route === 'POST /api/v1/collections') {
      const name = String((json as { readonly name?: unknown } | undefined)?.name);
      await system.ask('DELETE /api/v1/collections/:collection', { path: { collection: name } });
    }
    if (route === 'DELETE /api/v1/collections/:collection') await restore(path['collection'] ?? '');
  }

  async function restore(name: string): Promise<void> {
    const body = [BOOKS, CODES].find((each) => each.name === name);
    if (body !== undefined) await system.ask('POST /api/v1/collections', { body });
  }

  function hasTimeout(route: string): boolean {
    return JSON.stringify(system.api.operations.get(route)?.parameters).includes('"timeout_ms"');
  }
});

/** In the shape that Qdrant's clients know, or, of a path that is none, in ours; and without a stack. */
function checkQdrantError(text: string, what: string): void {
  const { status, error } = JSON.parse(text) as { status?: { error?: unknown }; error?: { type?: unknown } };
  const isKnown = typeof status?.error === 'string' || error?.type === 'not_found';
  if (!isKnown) throw new Error(`${what} is answered in another shape: ${text}`);
  if (/\bat .*\.(js|ts):\d+|node_modules/.test(text)) throw new Error(`${what} shows a stack: ${text}`);
}

/** A path whose segment is empty, or is resolved away. */
function isNowhere(path: Readonly<Record<string, string>>): boolean {
  return Object.values(path).some((value) => /^\.{0,2}$/.test(value));
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** Of what is still used. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}
