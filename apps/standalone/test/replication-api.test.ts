import { describe, expect, it } from '@jest/globals';
import { until } from '@vectorizer/testing';
import { Cluster } from './cluster.ts';

type Stream = { readonly text: () => string; close(): Promise<void> };

/** Reads server-sent events in the background. */
async function listen(url: string, headers: Record<string, string> = {}): Promise<Stream> {
  const stop = new AbortController();
  const answer = await fetch(url, { headers, signal: stop.signal });
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  let text = '';
  const reading = (async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of answer.body ?? []) text += decoder.decode(chunk, { stream: true });
  })().catch(() => undefined);
  return {
    text: () => text,
    async close() {
      stop.abort();
      await reading;
    },
  };
}

const idsIn = (text: string): number[] => [...text.matchAll(/^id: (\d+)\nevent:/gm)].map(([, id]) => Number(id));

describe('the replication API', () => {
  it('answers of the whole, of each replica, and of those that can be read from', async () => {
    await using cluster = await Cluster.start();
    await cluster.addMonitor({ disconnectedAfterMs: 1_000 });
    const nodes = [await cluster.addNode(), await cluster.addNode()] as const;
    await cluster.create('books', 2);
    await cluster.write('books', 3);
    const base = '/api/v1/replication';
    const status = await cluster.until('all being applied', ({ stats }) => stats.total_replicated === 6);
    expect(await cluster.get(`${base}/stats`)).toMatchObject({ role: 'master', total_replicated: 6 });
    const id = status.replicas[0]?.id ?? '';
    expect(await cluster.get(`${base}/replicas/${encodeURIComponent(id)}`)).toMatchObject({ id, status: 'Connected' });
    expect(await cluster.get(`${base}/replicas/${id}`)).toMatchObject({ id });
    expect(await cluster.get(`${base}/replicas/none/books/0`)).toMatchObject({ error: { type: 'not_found' } });
    expect(await cluster.get(`${base}/proof`)).toMatchObject({ error: { type: 'validation_error' } });
    expect(await cluster.get(`${base}/proof?collection=none`)).toMatchObject({
      error: { type: 'collection_not_found' },
    });
    await nodes[1].stop();
    await cluster.until('one being away', ({ replicas }) =>
      replicas.some((replica) => replica.status === 'Disconnected'),
    );
    expect(await cluster.get(`${base}/replicas`)).toMatchObject({ count: 2, replicas: [{}, {}] });
    const routable = async (): Promise<number> =>
      (await cluster.get<{ count: number }>(`${base}/replicas?routable=true`)).count;
    await until(async () => (await routable()) === 1, { what: 'one that can be read from' });
    expect((await cluster.get<{ status: string }>('/health')).status).toBe('healthy');
    await nodes[0].stop();
    await cluster.until('both being away', ({ stats }) => stats.connected_replicas === 0);
    // A check that was passed a moment ago, or takes long, is told as it was.
    const healthOf = async (): ReturnType<typeof cluster.app.inject> =>
      cluster.app.inject({ method: 'GET', url: '/health' });
    await until(async () => (await healthOf()).statusCode === 503, { what: 'the health being told' });
    expect((await healthOf()).json()).toMatchObject({ status: 'degraded', failed_checks: ['replication'] });
  });

  it('answers old clients on the paths without a version as they expect', async () => {
    await using cluster = await Cluster.start();
    await cluster.addMonitor();
    await cluster.addNode();
    await cluster.create('books', 1);
    await cluster.write('books', 3);
    await cluster.until('all being applied', ({ stats }) => stats.total_replicated === 3);
    const nowS = Date.now() / 1_000;
    type Legacy = { stats: { last_sync: number }; replicas: { last_heartbeat: number }[] };
    const status = await cluster.get<Legacy>('/replication/status');
    expect(status).toMatchObject({ role: 'Master', enabled: true, stats: { role: 'master', total_replicated: 3 } });
    expect(Math.abs(status.stats.last_sync - nowS)).toBeLessThan(60);
    expect(Number.isInteger(status.replicas[0]?.last_heartbeat)).toBe(true);
    expect(await cluster.get('/replication/stats')).toMatchObject({ role: 'master', master_offset: 3 });
    expect(await cluster.get('/replication/replicas')).toMatchObject({ count: 1, replicas: [{ status: 'Connected' }] });
  });

  it('builds a replica anew when it is asked to', async () => {
    await using cluster = await Cluster.start();
    await cluster.addMonitor();
    await cluster.addNode();
    await cluster.create('books', 1);
    await cluster.write('books', 3);
    const [replica] = (await cluster.until('it being applied', ({ stats }) => stats.total_replicated === 3)).replicas;
    const asked = await cluster.send('POST', `/api/v1/replication/replicas/${replica?.id}/resync`);
    const resync = expect.any(String) as unknown;
    expect(asked).toEqual({ code: 202, body: { id: replica?.id, status: 'resyncing', resync } });
    await cluster.until(
      'it being back',
      ({ stats, replicas }) => stats.total_replicated === 3 && replicas[0]?.status === 'Connected',
    );
    const { events } = await cluster.side.events.after(0);
    expect(events).toContainEqual(expect.objectContaining({ kind: 'resync', reason: 'asked for by a client' }));
    expect((await cluster.send('POST', '/api/v1/replication/replicas/none/books/0/resync')).code).toBe(404);
  });
});

describe('the stream of events', () => {
  it('begins now or after a number, and goes on where a client was', async () => {
    await using cluster = await Cluster.start();
    const monitor = await cluster.addMonitor();
    await until(() => monitor.acts);
    const { url } = await cluster.app.listen();
    const events = `${url}/api/v1/replication/events`;
    await cluster.addNode();
    await until(async () => (await cluster.side.events.after(0)).events.some(({ to }) => to === 'joined'));
    const { last } = await cluster.side.events.after(0);
    const live = await listen(events);
    await cluster.create('books', 1);
    await until(() => live.text().includes('event: placed'));
    expect(idsIn(live.text())[0]).toBe(last + 1);
    expect(live.text()).toMatch(new RegExp(`^retry: 1000\\nid: ${last}\\n\\n`));
    await live.close();

    await cluster.send('DELETE', '/api/v1/collections/books');
    const again = await listen(events, { 'last-event-id': String(last) });
    await until(() => again.text().includes('event: removed'));
    const ids = idsIn(again.text());
    expect(ids).toEqual(ids.map((_, i) => last + 1 + i));
    const all = await listen(`${events}?after=0`);
    await until(() => all.text().includes('event: removed'));
    expect(idsIn(all.text())[0]).toBe(1);
    const data = /^data: (.*)$/m.exec(all.text())?.[1] ?? '';
    expect(JSON.parse(data)).toMatchObject({ number: 1, kind: 'monitor', at: expect.stringMatching(/Z$/) });
    await Promise.all([again.close(), all.close()]);
    const request = { url: '/api/v1/replication/events', headers: { 'last-event-id': 'x' } };
    expect((await cluster.app.inject(request)).statusCode).toBe(400);
  });

  it('ends when the gateway stops, which is not held up by it', async () => {
    await using cluster = await Cluster.start();
    await cluster.addMonitor();
    const { url } = await cluster.app.listen();
    const answer = await fetch(`${url}/api/v1/replication/events`);
    // Cut off or brought to an end: either way the client comes back, to another gateway.
    const ended = answer.text().catch(() => undefined);
    await cluster.app.close();
    await ended;
    expect(answer.status).toBe(200);
  });
});
