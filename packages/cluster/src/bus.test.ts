import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { procedure, type Bus, type CallContext } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { createLogger } from '@vectorizer/telemetry';
import { startNats, until, type NatsServer } from '@vectorizer/testing';
import { CALLS_IN_FLIGHT_MAX } from './bus-failures.ts';
import { connectNats } from './connection.ts';
import { LocalBus } from './local-bus.ts';
import { NatsBus } from './nats-bus.ts';
import { presence, SILENT_MS } from './presence.ts';

const double = procedure<{ vector: Float32Array; asked: CallContext }>()(
  'test.double',
  z.object({ vector: z.instanceof(Float32Array) }),
);
const refuse = procedure<never>()('test.refuse', z.object({}));
const slow = procedure<never>()('test.slow', z.object({}));
const whoAmI = procedure<{ name: string }>()('test.whoAmI', z.object({}));
const news = { name: 'news', value: z.object({ text: z.string() }) } as const;
const logger = createLogger({ service: 'test', level: 'fatal' });
const context = (ms = 5_000): CallContext => ({ correlationId: 'c-1', deadline: Date.now() + ms });

/** A logger, and what it writes. */
function capture(): { readonly lines: string[]; readonly logger: typeof logger } {
  const lines: string[] = [];
  const destination = { write: (line: string): unknown => lines.push(line) };
  return { lines, logger: createLogger({ service: 'test', level: 'error', destination }) };
}

type Pair = AsyncDisposable & { readonly server: Bus; readonly caller: Bus };

function localPair(): Promise<Pair> {
  const bus = new LocalBus();
  return Promise.resolve({ server: bus, caller: bus, [Symbol.asyncDispose]: () => bus.close() });
}

type NatsPair = Pair & {
  readonly nats: NatsServer;
  /** Breaks the server's connection, and no other. */
  breakServer(): Promise<void>;
  another(): Promise<AsyncDisposable & { readonly bus: Bus }>;
};

async function natsPair(serving = logger): Promise<NatsPair> {
  const nats = await startNats();
  const connections = await Promise.all(['server', 'caller'].map((name) => connectNats({ servers: nats.url, name })));
  const [server, caller] = connections.map((connection) => new NatsBus({ connection, logger: serving }));
  if (server === undefined || caller === undefined) throw new Error('two buses were made');
  return {
    nats,
    server,
    caller,
    async breakServer() {
      await connections[0]?.reconnect();
    },
    async another() {
      const connection = await connectNats({ servers: nats.url, name: 'another' });
      return { bus: new NatsBus({ connection, logger }), [Symbol.asyncDispose]: () => connection.close() };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(connections.map((connection) => connection.close()));
      await nats[Symbol.asyncDispose]();
    },
  };
}

describe.each([
  ['within one process', localPair],
  ['over NATS', natsPair],
])('the bus %s', (_, open) => {
  it('carries a call to its handler and the answer back, typed arrays and context included', async () => {
    await using pair = await open();
    pair.server.serve(double, async ({ vector }, asked) => ({ vector: vector.map((x) => x * 2), asked }), 'node-1');
    const deadline = Date.now() + 5_000;
    await until(async () => {
      const call = pair.caller.call(
        double,
        { vector: Float32Array.of(1.5, -2) },
        { context: { correlationId: 'c-1', deadline }, instance: 'node-1' },
      );
      const answer = await call.catch(() => undefined);
      if (answer === undefined) return false;
      expect(answer.vector).toEqual(Float32Array.of(3, -4));
      expect(answer.asked.correlationId).toBe('c-1');
      // What is left of the time travels, so the way to the receiver is added to it.
      expect(answer.asked.deadline).toBeGreaterThanOrEqual(deadline - 1);
      expect(answer.asked.deadline).toBeLessThanOrEqual(Date.now() + 5_000);
      return true;
    });
  });

  it('carries a failure with its type and details', async () => {
    await using pair = await open();
    pair.server.serve(refuse, async () => {
      throw new Failure('version_conflict', 'too late', { details: { version: 7 } });
    });
    await until(async () => {
      const failure = await pair.caller.call(refuse, {}, { context: context() }).catch((error: unknown) => error);
      return failure instanceof Failure && failure.type === 'version_conflict' && failure.details['version'] === 7;
    });
  });

  it('answers service_unavailable when nobody serves, deadline_exceeded when the handler is too slow', async () => {
    await using pair = await open();
    await expect(pair.caller.call(refuse, {}, { context: context() })).rejects.toMatchObject({
      type: 'service_unavailable',
    });
    const { promise, resolve } = Promise.withResolvers<object>();
    pair.server.serve(slow, () => promise);
    await until(async () => {
      const failure = await pair.caller.call(slow, {}, { context: context(60) }).catch((error: unknown) => error);
      return failure instanceof Failure && failure.type === 'deadline_exceeded';
    });
    await expect(pair.caller.call(slow, {}, { context: context(-1) })).rejects.toMatchObject({
      type: 'deadline_exceeded',
    });
    resolve({});
  });

  it('asks all that serve a procedure, and counts those that do not answer', async () => {
    await using pair = await open();
    pair.server.serve(whoAmI, async () => Promise.resolve({ name: 'one' }));
    expect(await pair.caller.callAll(whoAmI, {}, { context: context() })).toEqual({
      answers: [{ name: 'one' }],
      unanswered: 0,
    });
    pair.server.serve(slow, () => Promise.withResolvers<never>().promise);
    await until(async () => (await pair.caller.callAll(slow, {}, { context: context(300) })).unanswered === 1);
    pair.server.serve(refuse, async () => Promise.reject(new Failure('version_conflict', 'too late')));
    await until(async () => {
      const all = pair.caller.callAll(refuse, {}, { context: context() });
      const failure: unknown = await all.catch((error: unknown) => error);
      return failure instanceof Failure && failure.type === 'version_conflict';
    });
  });

  it('tells everybody who listens', async () => {
    await using pair = await open();
    const heard: string[] = [];
    pair.server.listen(news, ({ text }) => heard.push(`one ${text}`));
    pair.server.listen(news, ({ text }) => heard.push(`two ${text}`));
    await until(() => {
      pair.caller.announce(news, { text: 'hello' });
      return heard.includes('one hello') && heard.includes('two hello');
    });
  });
});

/** How a call fails once it is known who serves it. */
async function refused(ask: () => Promise<unknown>): Promise<unknown> {
  for (;;) {
    const failure = await ask().catch((error: unknown) => error);
    if (!(failure instanceof Failure && failure.type === 'service_unavailable')) return failure;
  }
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
}

describe('the bus within one process', () => {
  it('is done with a call whose handler throws before it makes a promise', async () => {
    await using pair = await localPair();
    pair.server.serve(refuse, () => {
      throw new Failure('version_conflict', 'too late');
    });
    const before = timers();
    // More than may be under way at once.
    for (let i = 0; i <= CALLS_IN_FLIGHT_MAX; i++) {
      const failed = pair.caller.call(refuse, {}, { context: context() });
      await expect(failed).rejects.toMatchObject({ type: 'version_conflict' });
    }
    expect(timers()).toBeLessThanOrEqual(before);
  });
});

describe('the bus over NATS', () => {
  it('asks again when the connection breaks while a call is worked on', async () => {
    await using pair = await natsPair();
    const { promise, resolve } = Promise.withResolvers<object>();
    let calls = 0;
    pair.server.serve(slow, async () => {
      calls += 1;
      return promise as Promise<never>;
    });
    const answer = pair.caller.call(slow, {}, { context: context(20_000) });
    await until(() => calls === 1);
    await pair.nats.kill();
    await pair.nats.restart();
    await until(() => calls === 2, { what: 'the call arriving again' });
    resolve({ done: true });
    expect(await answer).toEqual({ done: true });
  });

  it('asks a process by its name again once that has connected anew', async () => {
    await using pair = await natsPair();
    const { promise, resolve } = Promise.withResolvers<object>();
    let calls = 0;
    const handler = async (): Promise<never> => {
      calls += 1;
      return promise as Promise<never>;
    };
    pair.server.serve(slow, handler, 'node-1');
    // It listens from here on.
    expect(pair.caller.isSilent('node-1')).toBe(false);
    let known = false;
    pair.caller.listen(presence, ({ names }) => (known ||= names.includes('node-1')));
    await until(() => known);
    const answer = pair.caller.call(slow, {}, { context: context(20_000), instance: 'node-1' });
    await until(() => calls === 1);
    await pair.breakServer();
    await until(() => calls === 2, { what: 'the call arriving again' });
    resolve({ done: true });
    expect(await answer).toEqual({ done: true });
  });

  it('notices that a process has fallen silent', async () => {
    await using pair = await natsPair();
    pair.server.serve(slow, async () => Promise.withResolvers<never>().promise, 'node-1');
    expect(pair.caller.isSilent('node-1')).toBe(false);
    const ask = async (): Promise<unknown> =>
      pair.caller.call(slow, {}, { context: context(300), instance: 'node-1' }).catch(() => undefined);
    await ask();
    expect(pair.caller.isSilent('node-1')).toBe(false);
    await pair.server.close();
    await until(() => pair.caller.isSilent('node-1'));
  });

  it('sends calls on when one of two servers of a procedure leaves', async () => {
    await using pair = await natsPair();
    await using other = await pair.another();
    const served: string[] = [];
    for (const [name, bus] of [
      ['one', pair.server],
      ['other', other.bus],
    ] as const) {
      bus.serve(refuse, async () => {
        served.push(name);
        throw new Failure('version_conflict', 'too late');
      });
    }
    const call = async (): Promise<void> => {
      const failed = pair.caller.call(refuse, {}, { context: context() });
      await expect(failed).rejects.toMatchObject({ type: 'version_conflict' });
    };
    await until(async () => (await call(), new Set(served).size === 2));
    await pair.server.close();
    served.length = 0;
    for (let i = 0; i < 10; i++) await call();
    expect(new Set(served)).toEqual(new Set(['other']));
  });

  it('asks every process that serves a procedure, and none that is gone', async () => {
    await using pair = await natsPair();
    await using other = await pair.another();
    pair.server.serve(whoAmI, async () => Promise.resolve({ name: 'one' }));
    other.bus.serve(whoAmI, async () => Promise.resolve({ name: 'other' }));
    const ask = async (ms = 500 + SILENT_MS): Promise<string> => {
      const { answers, unanswered } = await pair.caller.callAll(whoAmI, {}, { context: context(ms) });
      return [...answers.map(({ name }) => name).toSorted(), unanswered].join(' ');
    };
    // The first question already waits until all that are there have been heard.
    expect(await ask(60_000)).toBe('one other 0');
    await other[Symbol.asyncDispose]();
    await until(async () => (await ask()) === 'one 0');
    await pair.server.close();
    // Its farewell may still be on its way.
    await until(async () => (await ask()) === '0');
  });

  it('takes an input that does not fit for a fault of ours, of which a client is told nothing', async () => {
    const { lines, logger: told } = capture();
    await using pair = await natsPair(told);
    pair.server.serve(double, async ({ vector }, asked) => ({ vector, asked }));
    const ask = async (): Promise<unknown> =>
      pair.caller.call(double, { vector: 'nonsense' as never }, { context: context() });
    expect(await refused(ask)).toMatchObject({ type: 'internal_error', message: 'unexpected failure' });
    expect(lines).toEqual([expect.stringContaining('test.double was called wrongly')]);
    expect(lines[0]).toContain('vector');
  });

  it('tells the cause of a failure of ours where it is served, as it does not travel', async () => {
    const { lines, logger: told } = capture();
    await using pair = await natsPair(told);
    pair.server.serve(refuse, async () => {
      throw new Failure('storage_error', 'cannot read the points', { cause: new Error('EIO: i/o error') });
    });
    const failure = await refused(async () => pair.caller.call(refuse, {}, { context: context() }));
    expect(failure).toMatchObject({ type: 'storage_error', message: 'cannot read the points' });
    expect(failure).not.toHaveProperty('cause');
    expect(lines).toEqual([expect.stringContaining('EIO: i/o error')]);
    expect(lines[0]).toContain('"procedure":"test.refuse"');
  });

  it('says so when an answer is larger than the server carries', async () => {
    await using pair = await natsPair();
    pair.server.serve(double, async (_, asked) => ({ vector: new Float32Array(3_000_000), asked }));
    await until(async () => {
      const failure = await pair.caller
        .call(double, { vector: Float32Array.of(1) }, { context: context() })
        .catch((error: unknown) => error);
      return failure instanceof Failure && failure.type === 'payload_too_large';
    });
  });
});
