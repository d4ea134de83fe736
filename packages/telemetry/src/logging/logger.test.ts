import { describe, expect, it } from '@jest/globals';
import { createLogger, setLogLevel, type LogLevel } from './logger.ts';
import { lasting, oneOf } from './repeats.ts';
import { inRequest, outsideRequests } from './request-context.ts';

type Line = Record<string, unknown>;

type Captured = {
  readonly lines: () => Line[];
  readonly text: () => string;
  /** When so many lines have been written. */
  readonly written: (count: number) => Promise<void>;
  readonly logger: ReturnType<typeof createLogger>;
};

function capture(level: LogLevel): Captured {
  const lines: string[] = [];
  const waiting = new Map<number, () => void>();
  const write = (line: string): void => waiting.get(lines.push(line))?.();
  return {
    lines: () => lines.map((line) => JSON.parse(line) as Line),
    text: () => lines.join(''),
    written: async (count) =>
      lines.length >= count ? undefined : new Promise((resolve) => waiting.set(count, resolve)),
    logger: createLogger({ service: 'query', level, destination: { write } }),
  };
}

describe('createLogger', () => {
  it('writes one JSON object per line with time, level, service and message', () => {
    const { lines, logger } = capture('info');
    logger.info({ replica: 'abc' }, 'answered');
    expect(lines()).toHaveLength(1);
    const [line] = lines();
    expect(line).toMatchObject({ level: 'info', service: 'query', msg: 'answered', replica: 'abc' });
    expect(new Date(String(line?.['time'])).toISOString()).toBe(line?.['time']);
  });

  it('prints the message, type and cause of an error', () => {
    const { text, logger } = capture('info');
    logger.error({ error: new TypeError('outer', { cause: new Error('inner') }) }, 'failed');
    expect(text()).toContain('outer');
    expect(text()).toContain('inner');
    expect(text()).toContain('TypeError');
  });

  it('leaves out what is below its level', () => {
    const { lines, logger } = capture('warn');
    logger.info('unheard');
    logger.warn('heard');
    expect(lines()).toHaveLength(1);
  });

  it('takes another level at any time, with all its children', () => {
    const { lines, logger } = capture('info');
    const child = logger.child({ shard: 1 }).child({ part: 'graph' });
    child.debug('unheard');
    setLogLevel(logger, 'debug');
    expect(child.isLevelEnabled('debug')).toBe(true);
    child.debug('heard');
    setLogLevel(logger, 'error');
    child.warn('unheard');
    expect(lines().map(({ msg }) => msg)).toEqual(['heard']);
  });
});

describe('whose request a line belongs to', () => {
  it('is told on every line that is written on its behalf, however late', async () => {
    const { lines, logger } = capture('info');
    const child = logger.child({ shard: 1 });
    const work = async (id: string): Promise<void> => {
      await Promise.resolve();
      await new Promise((resolve) => setImmediate(resolve));
      child.info(`for ${id}`);
    };
    await Promise.all(['a', 'b', 'c'].map(async (id) => inRequest(id, async () => work(id))));
    logger.info('for nobody');
    expect(lines().map(({ msg, correlation_id: id }) => [msg, id])).toEqual([
      ['for a', 'a'],
      ['for b', 'b'],
      ['for c', 'c'],
      ['for nobody', undefined],
    ]);
  });

  it('is forgotten by what goes on for all', async () => {
    const { lines, logger } = capture('info');
    const ended = inRequest('a', () =>
      outsideRequests(async () => {
        await new Promise((resolve) => setImmediate(resolve));
        logger.info('a loop');
      }),
    );
    await ended;
    expect(lines()[0]).not.toHaveProperty('correlation_id');
  });
});

function faultOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    return error;
  }
}

describe('secrets and vectors', () => {
  it('are in no line, under whatever name and in whatever text', () => {
    const { text, logger } = capture('info');
    const vector = Array.from({ length: 32 }, (_, i) => i + 0.12345);
    const error = new Error('no server at nats://admin:hunter2@10.0.0.1:4222', {
      cause: new Error('sent Authorization: Bearer abcdef123456'),
    });
    logger.warn({ error }, 'cannot connect to redis://:hunter2@127.0.0.1');
    logger.warn({ headers: { authorization: 'hunter2', cookie: 'hunter2' }, apiKey: 'hunter2', api_key: 'hunter2' });
    logger.warn({ request: { body: { password: 'hunter2', points: [{ vector }, { vector: 'AACAPwAAgD8=' }] } } });
    logger.warn(
      { row: vector, typed: Float32Array.from(vector), details: [[vector]] },
      `got ${JSON.stringify(vector)}`,
    );
    logger.warn('key vz_0123456789abcdefghijklmnop is not known');
    expect(text()).not.toMatch(/hunter2|abcdef123456|vz_0123|12345|AACAPw/);
    for (const line of text().trim().split('\n')) expect(() => JSON.parse(line) as unknown).not.toThrow();
  });

  it('are not quoted from a body that is no JSON', () => {
    const { text, logger } = capture('info');
    for (const body of ['{"vector": [0.12345, x]}', `{"vector": [${'0.12345,'.repeat(50)} x]}`]) {
      logger.info({ error: faultOf(body) }, String(faultOf(body)));
    }
    expect(text()).toContain('is not valid JSON');
    expect(text()).not.toContain('12345');
  });

  it('leave what a reader needs', () => {
    const { lines, logger } = capture('info');
    const fields = { sequences: [1, 2, 3], ms: 1.5, type: 'overloaded', details: { limit: 10 }, replicas: ['a', 'b'] };
    logger.info({ ...fields, at: new Date(0), ids: new Set([1]), uid: undefined }, 'said');
    expect(lines()[0]).toMatchObject({ ...fields, at: '1970-01-01T00:00:00.000Z', ids: '[1 items]', msg: 'said' });
  });

  it('do not make a line of what goes round in circles, or has no end', () => {
    const { text, logger } = capture('info');
    const circle: Record<string, unknown> = { name: 'circle' };
    circle['self'] = circle;
    logger.warn({ circle, long: 'x'.repeat(100_000), many: Array.from({ length: 10_000 }, () => 'y') }, 'said');
    expect(text().length).toBeLessThan(20_000);
  });
});

describe('a line about what a client sent', () => {
  it('takes no time that grows with the square of it', () => {
    const { logger, text } = capture('info');
    const long = 1_000_000;
    const texts = ['a'.repeat(long), 'a://'.repeat(long / 4), ', "'.repeat(long / 3), '[1, '.repeat(long / 4)];
    const startMs = performance.now();
    for (const each of texts) logger.info({ path: each }, each);
    expect(performance.now() - startMs).toBeLessThan(2_000);
    for (const line of text().trim().split('\n')) expect(line.length).toBeLessThan(40_000);
  });
});

describe('warnings that repeat themselves', () => {
  it('are written once, and counted', async () => {
    const { lines, written, logger } = capture('info');
    for (let i = 0; i < 10_000; i++) logger.warn({ shard: 1, lag_ms: i }, 'the queue is full');
    for (let i = 0; i < 10; i++) logger.warn({ shard: 2 }, 'the queue is full');
    logger.child({ replica: 'b' }).warn({ shard: 1 }, 'the queue is full');
    expect(lines().map(({ shard, replica }) => [shard, replica])).toEqual([
      [1, undefined],
      [2, undefined],
      [1, 'b'],
    ]);
    await written(5);
    expect(lines().slice(3)).toMatchObject([
      { level: 'warn', shard: 1, msg: 'the queue is full', suppressed: 9_999 },
      { level: 'warn', shard: 2, msg: 'the queue is full', suppressed: 9 },
    ]);
    logger.warn({ shard: 1 }, 'the queue is full');
    expect(lines()).toHaveLength(6);
  });

  it('are written for each of some requests, so that one that is looked for is found', () => {
    const { lines, logger } = capture('info');
    for (let i = 0; i < 1_000; i++) inRequest(`request-${i}`, () => logger.warn({ type: 'overloaded' }, 'refused'));
    expect(lines()).toHaveLength(20);
  });

  it('are the same whatever they are about and however far things have gone meanwhile', () => {
    const { lines, logger } = capture('info');
    for (let i = 0; i < 1_000; i++) {
      const line = { path: `/vectors/${i}`, type: 'replica_behind', details: { sequences: [i] } };
      const err = new Error(`applied ${i}`);
      inRequest(`request-${i}`, () => logger.warn({ ...line, err }, `shard 0 is ${i} entries behind`));
      logger.warn({ entries: i }, 'the log cannot be written to');
    }
    expect(lines()).toHaveLength(21);
    // What says how many there were speaks for none of them.
    expect(lasting({ path: '/vectors/1', details: {}, entries: 1, shard: 1 })).toEqual({ shard: 1 });
  });

  it('are others than lines that inform', () => {
    const { lines, logger } = capture('info');
    for (let i = 0; i < 100; i++) logger.info('the same');
    expect(lines()).toHaveLength(100);
  });

  it('are, where they say that they are one of many, written for some of a kind, and counted', async () => {
    const { lines, written, logger } = capture('info');
    for (let i = 0; i < 1_000; i++) {
      const fields = { path: `/things/${i}`, type: 'not_found' };
      inRequest(`request-${i}`, () => logger.info(oneOf('not_found /things', fields), `no thing ${i}`));
    }
    inRequest('other', () => logger.info(oneOf('not_found /others', { type: 'not_found' }), 'no such thing'));
    expect(lines()).toHaveLength(21);
    await written(22);
    expect(lines()[21]).toMatchObject({ level: 'info', msg: 'not_found /things', type: 'not_found', suppressed: 980 });
    expect(lines()[21]).not.toHaveProperty('correlation_id');
  });
});
