import { describe, expect, it } from '@jest/globals';
import type { DashboardSample } from '@vectorizer/contracts';
import { until } from '@vectorizer/testing';
import { startGateway } from './fixture.ts';

type Stream = { readonly status: number; next(): Promise<DashboardSample>; close(): Promise<void> };

async function watch(url: string): Promise<Stream> {
  const stopping = new AbortController();
  const answer = await fetch(`${url}/api/v1/dashboard/stream`, { signal: stopping.signal });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return {
    status: answer.status,
    async next() {
      for (;;) {
        const [, data] = /event: sample\ndata: (.*)\n\n/.exec(text) ?? [];
        if (data !== undefined) {
          text = text.slice(text.indexOf(data) + data.length);
          return JSON.parse(data) as DashboardSample;
        }
        const { value, done } = (await reader?.read()) ?? { done: true, value: undefined };
        if (done) throw new Error(`the stream has ended: ${text}`);
        text += value;
      }
    },
    async close() {
      stopping.abort();
      await reader?.cancel().catch(() => undefined);
    },
  };
}

describe('the stream of the dashboard', () => {
  it('tells of the collections once a second, and why it knows nothing of the replicas', async () => {
    await using gateway = await startGateway();
    const body = { name: 'films', dimension: 3, metric: 'dot' };
    await gateway.app.inject({ method: 'POST', url: '/api/v1/collections', payload: body });
    const { url } = await gateway.app.listen();
    const stream = await watch(url);
    const first = await stream.next();
    expect(first.collections).toMatchObject([
      { name: 'films', config: { dimension: 3, metric: 'dot', kind: 'cpu' }, points: 0, bytes: null },
    ]);
    // Behind this gateway there is no monitor.
    expect(first.replication).toBeNull();
    expect(first.reason).toContain('monitor.status');
    const second = await stream.next();
    expect(Date.parse(second.at) - Date.parse(first.at)).toBeGreaterThan(900);
    await stream.close();
  });

  it('is not opened by HEAD, which nobody would end', async () => {
    await using gateway = await startGateway();
    await gateway.app.inject({ method: 'POST', url: '/api/v1/collections', payload: { name: 'films', dimension: 3 } });
    const { url } = await gateway.app.listen();
    const paths = ['dashboard/stream', 'replication/events', 'collections/films/changes?from=start'];
    // More than may be open of any.
    for (const path of paths.flatMap((each) => Array.from({ length: 300 }, () => each))) {
      const { status, headers } = await fetch(`${url}/api/v1/${path}`, { method: 'HEAD' });
      expect([path, status, headers.get('content-type')]).toEqual([path, 200, 'text/event-stream; charset=utf-8']);
    }
    const stream = await watch(url);
    expect(stream.status).toBe(200);
    await stream.close();
  });

  it('is open to so many and no more, and open again when one has left', async () => {
    await using gateway = await startGateway();
    const { url } = await gateway.app.listen();
    const streams = await Promise.all(Array.from({ length: 64 }, async () => watch(url)));
    await Promise.all(streams.map(async (stream) => stream.next()));
    const refused = await watch(url);
    expect(refused.status).toBe(429);
    await streams[0]?.close();
    const isOpen = async (): Promise<boolean> => {
      const again = await watch(url);
      await again.close();
      return again.status === 200;
    };
    await until(isOpen);
    await Promise.all(streams.map(async (stream) => stream.close()));
  });
});

describe('the files of the dashboard', () => {
  it('are served with a policy that lets nothing in from elsewhere, and are kept by what their names say', async () => {
    await using gateway = await startGateway();
    const page = await gateway.app.inject({ method: 'GET', url: '/dashboard/' });
    expect(page.statusCode).toBe(200);
    expect(page.headers).toMatchObject({
      'cache-control': 'no-cache',
      'content-security-policy': expect.stringContaining("default-src 'none'; script-src 'self'"),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    const [script = ''] = /\/dashboard\/assets\/[^"]+\.js/.exec(page.body) ?? [];
    const asset = await gateway.app.inject({ method: 'GET', url: script });
    expect(asset.statusCode).toBe(200);
    expect(asset.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    const again = await gateway.app.inject({
      method: 'GET',
      url: '/dashboard/',
      headers: { 'if-none-match': String(page.headers['etag']) },
    });
    expect(again.statusCode).toBe(304);
  });

  it('are all that is there: no other file, and no other method', async () => {
    await using gateway = await startGateway();
    const answers = await Promise.all(
      [
        ['GET', '/dashboard/package.json'],
        ['GET', '/dashboard/..%2fpackage.json'],
        ['GET', '/dashboard/assets/'],
        ['POST', '/dashboard/'],
      ].map(async ([method, url]) => gateway.app.inject({ method: method as 'GET', url: url ?? '' })),
    );
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([404, 404, 404, 405]);
    for (const answer of answers) expect(answer.json()).toHaveProperty('error.type');
    const moved = await gateway.app.inject({ method: 'GET', url: '/dashboard' });
    expect([moved.statusCode, moved.headers['location']]).toEqual([301, '/dashboard/']);
  });
});
