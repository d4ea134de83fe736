import { describe, expect, it } from '@jest/globals';
import { freePort, startOtlpReceiver, until, type OtlpReceiver, type ReceivedSpan } from '@vectorizer/testing';
import { logLines } from '../system/log-lines.ts';
import { runCommand } from '../system/command.ts';
import { eventSubject } from '../system/keys.ts';
import { logServerOf } from '../system/log-server.ts';
import { startSystem, type System } from '../system/system.ts';

type Sent = { readonly id: string; readonly traceparent?: string };

/** A request as its sender sees it; its correlation id finds its spans. */
async function send(
  system: System,
  { id, traceparent }: Sent,
  [method, path, body]: readonly [string, string, object],
): Promise<void> {
  const headers = {
    'content-type': 'application/json',
    'x-correlation-id': id,
    // An answer from the cache passes no index node.
    'cache-control': 'no-cache',
    ...(traceparent !== undefined && { traceparent }),
  };
  const answer = await fetch(`${system.url}/api/v1/collections/books/${path}`, {
    method,
    headers,
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
}

const WRITE = ['PUT', 'vectors', { points: [{ id: 'a', vector: [1] }] }] as const;
const SEARCH = ['POST', 'search', { vector: [1] }] as const;

/** Every span of the trace that a request belongs to. */
function traceOf({ spans }: OtlpReceiver, correlationId: string): ReceivedSpan[] {
  const traceId = spans.find(({ attributes }) => attributes['vectorizer.correlation_id'] === correlationId)?.traceId;
  return spans.filter((span) => span.traceId === traceId);
}

/** The trace once it has spans of these names, and all of it hangs together: the first is its only root. */
async function connected(
  receiver: OtlpReceiver,
  correlationId: string,
  names: readonly string[],
): Promise<ReceivedSpan[]> {
  const found = (): ReceivedSpan[] => traceOf(receiver, correlationId);
  const isWhole = (): boolean => {
    const ids = new Set(found().map(({ spanId }) => spanId));
    const roots = found().filter(({ parentSpanId }) => !ids.has(parentSpanId));
    return roots.length === 1 && names.every((name) => found().some((span) => span.name === name));
  };
  await until(isWhole, { what: `${names.join(', ')} in one trace` }).catch((cause: unknown) => {
    throw new Error(JSON.stringify(receiver.spans, null, 1), { cause });
  });
  return found();
}

function servicesOf(trace: readonly ReceivedSpan[]): Set<string> {
  return new Set(trace.map(({ service }) => service));
}

const WRITE_SPANS = [
  'PUT /api/v1/collections/:collection/vectors',
  'ingest.write',
  'log.append',
  'index.outcomes',
  'log.apply',
];
const SEARCH_SPANS = ['POST /api/v1/collections/:collection/search', 'query.search', 'index.search'];
const EVENT_SPANS = ['event.write', 'log.append', 'log.apply'];

describe('traces', () => {
  it('connect gateway, ingest or query, and index, in processes of their own', async () => {
    await using receiver = await startOtlpReceiver();
    await using system = await startSystem('cluster', { ...receiver.environment, VECTORIZER_LOG_LEVEL: 'debug' });
    await system.client.createCollection({ name: 'books', dimension: 1, metric: 'dot' });
    await send(system, { id: 'a-write' }, WRITE);
    await send(system, { id: 'a-search' }, SEARCH);

    const write = await connected(receiver, 'a-write', WRITE_SPANS);
    expect(servicesOf(write)).toEqual(new Set(['vectorizer-gateway', 'vectorizer-ingest', 'vectorizer-index']));
    const append = write.find(({ name }) => name === 'log.append');
    const apply = write.find(({ name }) => name === 'log.apply');
    expect(apply).toMatchObject({
      instance: 'index-1',
      attributes: {
        'vectorizer.collection': 'books',
        'vectorizer.sequence': 1,
        'vectorizer.correlation_id': 'a-write',
      },
      links: [{ traceId: append?.traceId, spanId: append?.spanId }],
    });

    const search = await connected(receiver, 'a-search', SEARCH_SPANS);
    expect(servicesOf(search)).toEqual(new Set(['vectorizer-gateway', 'vectorizer-query', 'vectorizer-index']));
    expect(new Set(search.map(({ attributes }) => attributes['vectorizer.correlation_id']))).toEqual(
      new Set(['a-search']),
    );
    expect(search[0]?.traceId).not.toBe(write[0]?.traceId);
    const searched = search.find(({ name, service }) => name === 'index.search' && service === 'vectorizer-index');
    expect(searched).toMatchObject({
      attributes: { 'vectorizer.shard': 0, 'vectorizer.searches': 1, 'vectorizer.k': 10 },
    });

    // Each line of a request leads to its trace.
    for (const [id, trace] of [
      ['a-write', write],
      ['a-search', search],
    ] as const) {
      const lines = (await logLines(system.data)).filter(({ correlation_id: of }) => of === id);
      expect(new Set(lines.map(({ service }) => service)).size).toBe(3);
      expect(new Set(lines.map(({ trace_id: of }) => of))).toEqual(new Set([trace[0]?.traceId]));
    }
  });

  it('go on where the caller began them, and only if it records them', async () => {
    await using receiver = await startOtlpReceiver();
    await using system = await startSystem('standalone', {
      ...receiver.environment,
      OTEL_TRACES_SAMPLER: 'parentbased_always_on',
    });
    await system.client.createCollection({ name: 'books', dimension: 1, metric: 'dot' });
    const [trace, span] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
    await send(system, { id: 'unrecorded', traceparent: `00-${trace.replace('4', '5')}-${span}-00` }, SEARCH);
    await send(system, { id: 'recorded', traceparent: `00-${trace}-${span}-01` }, SEARCH);
    // All in one process, and still one trace.
    const spans = await connected(receiver, 'recorded', SEARCH_SPANS);
    expect(spans.find(({ name }) => name.startsWith('POST'))).toMatchObject({ traceId: trace, parentSpanId: span });
    expect(traceOf(receiver, 'unrecorded')).toEqual([]);
    // An event's producer is a caller as well, also one that began no trace.
    await using nats = await logServerOf(system);
    const parent = { traceparent: `00-${trace.replace('4', '6')}-${span}-01` };
    for (const [id, headers] of [
      ['traced-event', parent],
      ['plain-event', {}],
    ] as const) {
      const sent = { 'X-Correlation-ID': id, ...headers };
      await nats.ask(eventSubject(system.url, 'books.upsert'), { id, vector: [1] }, sent);
    }
    const event = async (id: string): Promise<ReceivedSpan | undefined> =>
      (await connected(receiver, id, EVENT_SPANS)).find(({ name }) => name === 'event.write');
    expect(await event('traced-event')).toMatchObject({ traceId: trace.replace('4', '6'), parentSpanId: span });
    expect(await event('plain-event')).toMatchObject({ parentSpanId: '' });
  });

  it('each have what was done for many writes at once, and so have the logs (regression)', async () => {
    await using receiver = await startOtlpReceiver();
    await using system = await startSystem('standalone', {
      ...receiver.environment,
      OTEL_TRACES_SAMPLER: 'parentbased_always_on',
      VECTORIZER_LOG_LEVEL: 'debug',
    });
    await system.client.createCollection({ name: 'books', dimension: 1, metric: 'dot' });
    const ids = Array.from({ length: 100 }, (_, i) => `write-${i}`);
    const pending = async (): Promise<number> => {
      const metrics = await (await fetch(`${system.url}/metrics`)).text();
      return Number(/^vectorizer_log_pending_operations (\d+)/m.exec(metrics)?.[1]);
    };
    await system.pause('nats');
    const unrecorded = Array.from({ length: 10 }, (_, i) => ({
      id: `unrecorded-${i}`,
      traceparent: `00-${String(i + 1).padStart(32, '0')}-00f067aa0ba902b7-00`,
    }));
    const all = [...ids.map((id) => ({ id })), ...unrecorded];
    const sent = all.map(async (each) =>
      send(system, each, ['PUT', 'vectors', { points: [{ id: each.id, vector: [1] }] }]),
    );
    await until(async () => (await pending()) === all.length, { what: 'writes that wait together' });
    await system.resume('nats');
    await Promise.all(sent);

    // What was on its way when the log server stood still is the first entry; all others were written as one.
    const applied: ReceivedSpan[] = [];
    for (const id of ids) {
      const trace = await connected(receiver, id, WRITE_SPANS);
      expect(new Set(trace.map(({ attributes }) => attributes['vectorizer.correlation_id']))).toEqual(new Set([id]));
      const [append, ...appends] = trace.filter(({ name }) => name === 'log.append');
      const [apply, ...applies] = trace.filter(({ name }) => name === 'log.apply');
      expect([appends, applies]).toEqual([[], []]);
      expect(apply).toMatchObject({ parentSpanId: append?.spanId });
      if (apply?.attributes['vectorizer.sequence'] === 2) applied.push(apply);
    }
    expect(applied.length).toBeGreaterThanOrEqual(ids.length - 1);
    const first = applied.find(({ links }) => links.length > 1);
    const parents = applied.map(({ parentSpanId }) => parentSpanId);
    expect(first?.links.map(({ spanId }) => spanId).toSorted()).toEqual(parents.toSorted());
    for (const { links } of applied.filter((span) => span !== first)) {
      expect(links).toEqual([expect.objectContaining({ spanId: first?.spanId })]);
    }
    expect(new Set(applied.map(({ startNs, endNs }) => `${startNs} ${endNs}`)).size).toBe(1);

    // A request is found by its id, and by its trace's.
    const last = traceOf(receiver, ids.at(-1) ?? '')[0]?.traceId ?? '';
    for (const id of [...ids.slice(0, 2), ids.at(-1) ?? '', last]) {
      const { out } = await runCommand('logs', id, '--data', system.data);
      expect(out.match(/ {2}applied {2}/g)).toHaveLength(1);
      expect(out.trim().split('\n').at(-1)).toBe(`trace ${traceOf(receiver, id)[0]?.traceId ?? last}`);
    }
    const lines = (await logLines(system.data)).filter(({ msg }) => msg === 'applied');
    const named = lines.flatMap(({ correlation_id: id, correlation_ids: many }) => (id === undefined ? many : id));
    expect(named).toHaveLength(all.length);
    expect(new Set(named)).toEqual(new Set(all.map(({ id }) => id)));
    expect(unrecorded.flatMap(({ id }) => traceOf(receiver, id))).toEqual([]);
  });

  it('are complete when a process stops in order', async () => {
    await using receiver = await startOtlpReceiver();
    await using system = await startSystem('standalone', {
      ...receiver.environment,
      OTEL_BSP_SCHEDULE_DELAY: '600000',
    });
    await system.client.createCollection({ name: 'books', dimension: 1, metric: 'dot' });
    await send(system, { id: 'the-last' }, SEARCH);
    await system.down();
    expect(servicesOf(await connected(receiver, 'the-last', SEARCH_SPANS))).toEqual(new Set(['vectorizer-standalone']));
  });

  it('tell a fault of ours from one of the client', async () => {
    await using receiver = await startOtlpReceiver();
    await using system = await startSystem('standalone', receiver.environment);
    const answer = await fetch(`${system.url}/api/v1/collections/nowhere/search`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-correlation-id': 'a-mistake' },
      body: JSON.stringify({ vector: [1] }),
    });
    expect(answer.status).toBe(404);
    await until(() => traceOf(receiver, 'a-mistake').length > 0);
    expect(traceOf(receiver, 'a-mistake')[0]).toMatchObject({
      failed: false,
      attributes: { 'http.response.status_code': 404 },
    });
  });
});

describe('a receiver of spans', () => {
  it('that is away, or hangs, loses no request and fills no log', async () => {
    await using hanging = await startOtlpReceiver({ hangs: true });
    for (const url of [`http://127.0.0.1:${await freePort()}`, hanging.url]) {
      await using system = await startSystem('standalone', {
        ...hanging.environment,
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        OTEL_BSP_MAX_QUEUE_SIZE: '128',
      });
      await system.client.createCollection({ name: 'books', dimension: 1, metric: 'dot' });
      await send(system, { id: 'a-write' }, WRITE);
      for (let i = 0; i < 20; i++) {
        await Promise.all(Array.from({ length: 50 }, async () => system.client.search('books', { vector: [1] })));
      }
      expect((await system.status()).health).toBe('healthy');
      const warnings = (await logLines(system.data)).filter(({ level }) => level === 'warn');
      expect(warnings.length).toBeLessThan(10);
      await system.down();
    }
  });
});
