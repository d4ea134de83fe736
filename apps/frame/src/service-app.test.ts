import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, Param, Post } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { Failure } from '@vectorizer/errors';
import { createLogger } from '@vectorizer/telemetry';
import { withoutHurry } from './client-fault.ts';
import type { HealthCheck } from './health.ts';
import { createServiceApp, type ServiceApp, type ServiceAppOptions } from './service-app.ts';
import { ServiceModule } from './service-module.ts';

/** A failure of a part that is away, and why. */
function away(): Failure {
  const vector = Array.from({ length: 32 }, (_, i) => i + 0.987_65);
  const cause = new Error('refused by nats://admin:hunter2@10.0.0.1:4222', {
    cause: new Error(JSON.stringify(vector)),
  });
  return new Failure('log_unavailable', 'the write log cannot be reached', { cause: Object.assign(cause, { vector }) });
}

/** Resolved when a request has come that is never answered. */
const asked = Promise.withResolvers<void>();

@Controller('things')
class ThingsController {
  @Get(':id')
  one(@Param('id') id: string): { id: string } | Promise<never> {
    if (id === 'missing') throw new Failure('vector_not_found', 'no such thing', { details: { id } });
    if (id === 'bug') throw new TypeError('secret internals');
    if (id === 'never') {
      asked.resolve();
      return Promise.withResolvers<never>().promise;
    }
    if (id.startsWith('away')) throw away();
    if (id === 'foreign') throw new Failure('authentication_error', 'a key is needed');
    if (id === 'busy') throw new Failure('overloaded', 'the queue is full');
    return { id };
  }

  @Post()
  create(): object {
    return {};
  }
}

@Module({})
class ThingsModule {}

/** What stands at the door is not what these tests are about. */
const guard = { install: () => undefined };

async function start(
  checks: readonly HealthCheck[] = [],
  more: Pick<ServiceAppOptions, 'patience' | 'prepare'> = {},
): Promise<{ app: ServiceApp; lines: string[] }> {
  const lines: string[] = [];
  const logger = createLogger({ service: 'things', level: 'info', destination: { write: (line) => lines.push(line) } });
  const module = {
    module: ThingsModule,
    imports: [ServiceModule.with({ service: 'things', logger, checks })],
    controllers: [ThingsController],
  };
  return { app: await createServiceApp({ module, host: '127.0.0.1', port: 0, logger, guard, ...more }), lines };
}

type Answer = { statusCode: number; headers: Record<string, unknown>; json: () => unknown };
/** Asserts the shape and answers what tells one failure from another. */
function failureIn(answer: Answer): string {
  const id = answer.headers['x-correlation-id'];
  const { statusCode: status } = answer;
  const { error_type: type } = answer.json() as { error_type: unknown };
  expect(answer.headers['content-type']).toContain('application/json');
  expect(answer.json()).toEqual({
    error: { type, message: expect.any(String), details: expect.any(Object), correlation_id: id },
    error_type: type,
    message: expect.any(String),
    details: expect.any(Object),
    status_code: status,
    request_id: id,
  });
  return `${status} ${String(type)}`;
}

/** What is answered to these bytes, until the connection is closed. */
async function raw(port: number, text: string): Promise<string> {
  let heard = '';
  const socket = connect(port, '127.0.0.1', () => socket.write(text));
  socket.on('data', (data) => (heard += data.toString()));
  await once(socket, 'close');
  return heard;
}

/** Clients that say so may take as long as they like. */
function letThemBe(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (request.headers['x-at-ease'] !== undefined) withoutHurry(request.raw.socket);
    done();
  });
}

async function from(on: ServiceApp, origin: string, method: 'GET' | 'OPTIONS'): Promise<Record<string, unknown>> {
  return (await on.inject({ method, url: '/things/1', headers: { origin } })).headers;
}

describe('a service app', () => {
  it('answers every failure in the one shape', async () => {
    const { app } = await start();
    await using _ = app;
    expect(failureIn(await app.inject({ url: '/things/missing' }))).toBe('404 vector_not_found');
    expect(failureIn(await app.inject({ url: '/things/busy' }))).toBe('429 overloaded');
    expect(failureIn(await app.inject({ url: '/nowhere' }))).toBe('404 not_found');
    expect(failureIn(await app.inject({ method: 'PUT', url: '/things/1' }))).toBe('405 method_not_allowed');
    expect(failureIn(await app.inject({ url: '/things/%zz' }))).toBe('400 validation_error');
    expect(failureIn(await app.inject({ url: `/things/${'x'.repeat(5_000)}` }))).toBe('400 validation_error');
    const json = { 'content-type': 'application/json' };
    const malformed = { method: 'POST', url: '/things', headers: json, payload: '{"a":' } as const;
    expect(failureIn(await app.inject(malformed))).toBe('400 malformed_body');
    expect(failureIn(await app.inject({ ...malformed, payload: `"${'x'.repeat(70_000)}"` }))).toBe(
      '413 payload_too_large',
    );
    const text = { method: 'POST', url: '/things', headers: { 'content-type': 'text/csv' }, payload: 'a' } as const;
    expect(failureIn(await app.inject(text))).toBe('415 unsupported_media_type');
  });

  it('tells when to come back after a refusal for load', async () => {
    const { app } = await start();
    await using _ = app;
    expect((await app.inject({ url: '/things/busy' })).headers['retry-after']).toBe('1');
  });

  it('shows nothing of an unforeseen error but its correlation id, and logs its cause under it', async () => {
    const { app, lines } = await start();
    await using _ = app;
    const answer = await app.inject({ url: '/things/bug', headers: { 'x-correlation-id': 'trace-me' } });
    expect(failureIn(answer)).toBe('500 internal_error');
    expect(answer.body).not.toContain('secret');
    const logged = lines.filter((line) => line.includes('trace-me'));
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('secret internals');
    expect(logged[0]).toContain('"level":"error"');
  });

  it('logs why a part of ours is away, with no secret and no vector, and not for each of many requests', async () => {
    const { app, lines } = await start();
    await using _ = app;
    for (let i = 0; i < 50; i++) {
      const answer = await app.inject({ url: `/things/away-${i}` });
      expect(failureIn(answer)).toBe('503 log_unavailable');
      expect(answer.body).not.toContain('refused by');
    }
    const logged = lines.filter((line) => line.includes('"type":"log_unavailable"'));
    expect(logged).toHaveLength(20);
    expect(logged[0]).toContain('refused by nats://***@10.0.0.1:4222');
    expect(logged.join('\n')).not.toMatch(/hunter2|\.98765/);
  });

  it('writes no line for each of many requests that are refused, and for all of few', async () => {
    const { app, lines } = await start();
    await using _ = app;
    const ask = async (url: string, id: string): Promise<unknown> =>
      app.inject({ url, headers: { 'x-correlation-id': id } });
    for (let i = 0; i < 100; i++) await ask(`/nowhere/${i}`, `many-${i}`);
    for (let i = 0; i < 10; i++) await ask('/things/missing', `few-${i}`);
    const { port } = await app.listen();
    for (let i = 0; i < 30; i++) await raw(port, 'nonsense\r\n\r\n');
    const written = (part: string): number => lines.filter((line) => line.includes(part)).length;
    expect([written('"many-'), written('"few-'), written('not a valid HTTP request')]).toEqual([20, 10, 20]);
  });

  it('writes from where somebody came who was kept out, and of nobody else', async () => {
    const { app, lines } = await start();
    await using _ = app;
    for (const id of ['foreign', 'missing']) await app.inject({ url: `/things/${id}`, remoteAddress: '10.0.0.7' });
    const told = lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ type }) => type !== undefined);
    expect(told.map(({ type, status, path, address }) => [type, status, path, address])).toEqual([
      ['authentication_error', 401, '/things/foreign', '10.0.0.7'],
      ['vector_not_found', 404, '/things/missing', undefined],
    ]);
  });

  it('echoes a usable correlation id and replaces any other', async () => {
    const { app } = await start();
    await using _ = app;
    const idFor = async (given: string): Promise<unknown> =>
      (await app.inject({ url: '/things/1', headers: { 'x-correlation-id': given } })).headers['x-correlation-id'];
    expect(await idFor('a.b-c_1')).toBe('a.b-c_1');
    for (const bad of ['', 'with space', 'x'.repeat(129), 'quote"']) {
      expect(await idFor(bad)).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('answers OPTIONS with what is allowed, and HEAD like GET without a body', async () => {
    const { app } = await start();
    await using _ = app;
    const options = await app.inject({ method: 'OPTIONS', url: '/things/1' });
    expect(options.statusCode).toBe(204);
    expect(options.headers['allow']).toBe('GET, HEAD, OPTIONS');
    const head = await app.inject({ method: 'HEAD', url: '/things/1' });
    expect([head.statusCode, head.body]).toEqual([200, '']);
  });

  it('lets no page of another origin read an answer, frame it or guess its type, but of those that it is told of', async () => {
    const logger = createLogger({ service: 'things', level: 'silent' });
    const module = { module: ThingsModule, controllers: [ThingsController] };
    const corsOrigins = ['https://app.example'];
    await using app = await createServiceApp({ module, host: '127.0.0.1', port: 0, logger, guard, corsOrigins });
    const { app: closed } = await start();
    await using _ = closed;
    for (const method of ['GET', 'OPTIONS'] as const) {
      expect((await from(closed, 'https://app.example', method))['access-control-allow-origin']).toBeUndefined();
      expect((await from(app, 'https://app.example.evil', method))['access-control-allow-origin']).toBeUndefined();
      expect(await from(app, 'https://app.example', method)).toMatchObject({
        'access-control-allow-origin': 'https://app.example',
        'access-control-allow-headers': expect.stringContaining('authorization'),
        vary: 'origin',
      });
    }
    expect((await closed.inject({ url: '/nowhere' })).headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    });
  });

  it('answers what HTTP alone refuses in the one shape, each with a line and counted', async () => {
    const { app, lines } = await start();
    await using _ = app;
    const { port } = await app.listen();
    const bodiless = 'GET /things/1 HTTP/1.1\r\nconnection: close\r\n';
    const refused = [
      ['nonsense\r\n\r\n', 'validation_error', 400],
      [`GET / HTTP/1.1\r\nhost: a\r\nx-long: ${'x'.repeat(20_000)}\r\n\r\n`, 'headers_too_large', 431],
      [`${bodiless}\r\n`, 'validation_error', 400],
      [`${bodiless}host: a\r\nexpect: bogus\r\n\r\n`, 'expectation_failed', 417],
    ] as const;
    for (const [text, type, status] of refused) {
      const told = await raw(port, text);
      expect(told).toContain(`HTTP/1.1 ${status}`);
      expect(told).toContain(`"type":"${type}"`);
      const id = /^x-correlation-id: (.+)\r$/m.exec(told)?.[1] ?? 'none';
      expect(told).toContain(`"correlation_id":"${id}"`);
      const written = lines.filter((line) => line.includes(id)).map((line) => JSON.parse(line) as object);
      expect(written).toMatchObject([{ level: 'info', type, status }]);
      const { body } = await app.inject({ url: '/metrics' });
      expect(body).toMatch(
        new RegExp(`^vectorizer_api_errors_total\\{.*error_type="${type}",status_code="${status}"\\} `, 'm'),
      );
    }
  });

  it('takes what only looks like it: an older client without a host, and one that waits to be told to go on', async () => {
    const { app } = await start();
    await using _ = app;
    const { port } = await app.listen();
    expect(await raw(port, 'GET /things/1 HTTP/1.0\r\nexpect: bogus\r\n\r\n')).toContain('200 OK');
    const post = 'POST /things HTTP/1.1\r\nhost: a\r\nconnection: close\r\nexpect: 100-Continue\r\n';
    const told = await raw(port, `${post}content-type: application/json\r\ncontent-length: 2\r\n\r\n{}`);
    expect(told).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 /);
  });

  it('hangs up on whoever sends a request too slowly, or nothing, and serves the others meanwhile', async () => {
    const patience = { headers: 400, request: 800, silence: 60_000, look: 50, farewell: 10_000 };
    const { app } = await start([], { patience, prepare: letThemBe });
    await using _ = app;
    const { port, url } = await app.listen();
    const trickle = async (first: string, more: string): Promise<string> => {
      let heard = '';
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      if (first !== '') socket.write(first);
      const dripping = setInterval(() => more !== '' && socket.write(more), 60);
      socket.on('data', (data) => (heard += data.toString())).on('error', () => undefined);
      await once(socket, 'close');
      clearInterval(dripping);
      return heard;
    };
    const slow = Promise.all([
      trickle('GET /things/1 HTTP/1.1\r\nhost: a\r\n', 'x-a: b\r\n'),
      trickle(
        'POST /things HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n{',
        ' ',
      ),
      trickle('', ''),
    ]);
    const isOver = slow.then(() => true);
    let served = 0;
    while (!(await Promise.race([isOver, fetch(`${url}/things/1`).then(({ ok }) => !ok)]))) served += 1;
    expect(served).toBeGreaterThan(10);
    const spaces = ' '.repeat(20);
    const post = `POST /things HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n`;
    const atEase = await trickle(`${post}x-at-ease: 1\r\ncontent-length: ${spaces.length + 2}\r\n\r\n{}`, ' ');
    expect(atEase).toMatch(/^HTTP\/1\.1 201 /);
    for (const heard of await slow) expect(heard).toMatch(/^HTTP\/1\.1 408 .*"type":"request_timeout"/s);
  });

  it('regression: stops in order though an answer never comes', async () => {
    const patience = { headers: 5_000, request: 5_000, silence: 60_000, look: 1_000, farewell: 200 };
    const { app } = await start([], { patience });
    const { port } = await app.listen();
    const socket = connect(port, '127.0.0.1', () => socket.write('GET /things/never HTTP/1.1\r\nhost: a\r\n\r\n'));
    socket.on('error', () => undefined);
    await asked.promise;
    await Promise.all([app.close(), once(socket, 'close')]);
    expect(socket.destroyed).toBe(true);
  });

  it('hangs up when for long nothing comes and nothing is taken', async () => {
    const patience = { headers: 60_000, request: 60_000, silence: 200, look: 1_000, farewell: 200 };
    const { app } = await start([], { patience });
    await using _ = app;
    const { port } = await app.listen();
    const socket = connect(port, '127.0.0.1', () => socket.write('GET /things/never HTTP/1.1\r\nhost: a\r\n\r\n'));
    socket.on('error', () => undefined);
    await once(socket, 'close');
    expect(socket.bytesRead).toBe(0);
  });

  it('says in one line that a port is taken', async () => {
    const { app } = await start();
    await using _ = app;
    const { port } = await app.listen();
    const logger = createLogger({ service: 'second', level: 'silent' });
    await using second = await createServiceApp({ module: ThingsModule, host: '127.0.0.1', port, logger, guard });
    await expect(second.listen()).rejects.toThrow(`cannot listen on 127.0.0.1:${port}: the port is taken`);
  });
});

describe('health and metrics', () => {
  it('counts a request whose client hangs up before it is answered', async () => {
    const { app } = await start();
    await using _ = app;
    const { port } = await app.listen();
    const counted = async (): Promise<boolean> =>
      (await app.inject({ url: '/metrics' })).body.includes(
        'vectorizer_http_request_duration_seconds_count{method="GET",route="/things/:id",status="499"} 1',
      );
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /things/never HTTP/1.1\r\nhost: x\r\n\r\n');
    await asked.promise;
    socket.destroy();
    while (!(await counted())) await nextTurn();
    expect(await counted()).toBe(true);
  });

  it('is healthy, ready and live when every check passes', async () => {
    const { app } = await start([{ name: 'log', needed: true, check: () => ({ rtt_ms: 1 }) }]);
    await using _ = app;
    const whole = await app.inject({ url: '/health' });
    expect(whole.statusCode).toBe(200);
    expect(whole.json()).toMatchObject({ status: 'healthy', service: 'things', failed_checks: [] });
    expect(whole.json()).toMatchObject({ checks: [{ name: 'log', status: 'up', rtt_ms: 1 }] });
    expect((await app.inject({ url: '/health/ready' })).statusCode).toBe(200);
    expect((await app.inject({ url: '/health/live' })).json()).toMatchObject({ status: 'healthy' });
  });

  it('is degraded but ready when only what it does not need fails', async () => {
    const { app } = await start([
      { name: 'replication', needed: false, check: async () => Promise.reject(new Error('no replica reachable')) },
    ]);
    await using _ = app;
    const whole = await app.inject({ url: '/health' });
    expect(whole.statusCode).toBe(503);
    expect(whole.json()).toMatchObject({ status: 'degraded', failed_checks: ['replication'] });
    expect(whole.body).toContain('no replica reachable');
    expect((await app.inject({ url: '/health/ready' })).statusCode).toBe(200);
  });

  it('fails a check that hangs, and is not ready without what it needs', async () => {
    const { app } = await start([
      { name: 'log', needed: true, check: async () => new Promise<never>(() => undefined) },
    ]);
    await using _ = app;
    const ready = await app.inject({ url: '/health/ready' });
    expect(ready.statusCode).toBe(503);
    expect(ready.json()).toMatchObject({ failed_checks: ['log'] });
  });

  it('prints metrics that count every request once, also refused ones', async () => {
    const { app } = await start();
    await using _ = app;
    const counted = async (labels: string): Promise<number> => {
      const { body } = await app.inject({ url: '/metrics' });
      const line = body
        .split('\n')
        .find((each) => each.startsWith(`vectorizer_http_request_duration_seconds_count{${labels}}`));
      return Number(line?.split(' ')[1] ?? 0);
    };
    const before = await counted('method="GET",route="/things/:id",status="200"');
    await app.inject({ url: '/things/1' });
    await app.inject({ url: '/things/2' });
    await app.inject({ url: '/no/such/route' });
    expect((await counted('method="GET",route="/things/:id",status="200"')) - before).toBe(2);
    expect(await counted('method="unknown",route="unknown",status="404"')).toBeGreaterThan(0);
    const { body } = await app.inject({ url: '/metrics' });
    expect(body).toContain('process_resident_memory_bytes');
    expect(body).toMatch(/^vectorizer_memory_usage_bytes\{type="heap"\} \d+/m);
    const memory = (of: string): number =>
      Number(new RegExp(`^vectorizer_memory_${of}_bytes (\\d+)$`, 'm').exec(body)?.[1]);
    expect(memory('taken')).toBeGreaterThan(1e6);
    expect(memory('limit')).toBeGreaterThan(memory('taken'));
    expect(body).toContain('nodejs_eventloop_lag_p99_seconds');
    await app.inject({ url: '/things/busy' });
    expect((await app.inject({ url: '/metrics' })).body).toContain(
      'vectorizer_limit_rejections_total{reason="overloaded"} ',
    );
    expect(body).toContain('vectorizer_api_errors_total{endpoint="unknown",error_type="not_found",status_code="404"}');
  });

  it('count once, too, what never becomes a request, or not a whole one', async () => {
    const patience = { headers: 60_000, request: 60_000, silence: 60_000, look: 50, farewell: 1_000 };
    const { app, lines } = await start([], { patience });
    await using _ = app;
    const { port } = await app.listen();
    const counts = async (): Promise<Map<string, number>> => {
      const { body } = await app.inject({ url: '/metrics' });
      const counted =
        /^(?:vectorizer_http_request_duration_seconds_count|vectorizer_api_errors_total)\{(.*)\} (\d+)$/gm;
      const series = [...body.matchAll(counted)].filter(([line]) => !line.includes('"/metrics"'));
      return new Map(series.map(([, labels = '', count]) => [labels, Number(count)]));
    };
    const head = 'POST /things HTTP/1.1\r\nhost: a\r\nx-correlation-id: half\r\ncontent-type: application/json\r\n';
    const cases = [
      ['nonsense\r\n\r\n', 'unknown', 'unknown'],
      [`${head}transfer-encoding: chunked\r\n\r\nno size\r\n`, 'POST', '/things'],
    ] as const;
    for (const [text, method, route] of cases) {
      const before = await counts();
      expect(await raw(port, text)).toContain('HTTP/1.1 400');
      await nextTurn();
      const rises = [...(await counts())].map(
        ([labels, count]) => [labels, count - (before.get(labels) ?? 0)] as const,
      );
      const request = { [`method="${method}",route="${route}",status="400"`]: 1 };
      const error = { [`endpoint="${route}",error_type="validation_error",status_code="400"`]: 1 };
      expect(Object.fromEntries(rises.filter(([, rise]) => rise !== 0))).toEqual({ ...request, ...error });
    }
    expect(lines.filter((line) => line.includes('"half"'))).toHaveLength(1);
  });
});
