import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  array as arrayOf,
  assert as assertProperty,
  asyncProperty,
  constant,
  constantFrom,
  dictionary as dictionaryOf,
  double as anyDouble,
  integer as anyInteger,
  letrec,
  nat,
  oneof,
  record as recordOf,
  string as anyString,
  uint8Array,
} from 'fast-check';
import { ruleOf } from '@vectorizer/frame';
import { startGateway, type Gateway } from './fixture.ts';

/**
 * Requests that no client of good will sends, to every route: whatever comes, the answer is one of ours, and never 500.
 * VECTORIZER_FUZZ_RUNS=10000 for a long look; a failing run prints its seed and the smallest request that fails.
 */
// oxlint-disable-next-line node/no-process-env -- the length of the look is for whoever runs the test to say
const RUNS = Number(process.env['VECTORIZER_FUZZ_RUNS'] ?? 2_000);
const HEAP_GROWTH_MAX = 192 * 1024 * 1024;

type Attack = {
  readonly route: number;
  readonly parameters: readonly string[];
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
};

const NASTY = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  '..',
  '../../etc/passwd',
  '%2e%2e%2f',
  '\u0000',
  '\u202eabc',
  'a'.repeat(5_000),
  '💥'.repeat(64),
  '-1',
  '1e309',
  '999999999999999999999',
  'null',
  'http://127.0.0.1:4222/',
  "' OR 1=1 --",
  '$where',
  '*',
  '>',
  '(a+)+$',
];
const text = oneof(constantFrom(...NASTY), anyString({ unit: 'binary', maxLength: 80 }), constantFrom('books', 'a'));

const number = oneof(
  constantFrom(1e308, -1e308, 1e-320, -0, 2 ** 53, -(2 ** 63), 2 ** 31, 0.1, 65_537, 1_001),
  anyDouble({ noNaN: true, noDefaultInfinity: true }),
  anyInteger(),
);
const FIELDS =
  'points operations ids searches vector payload filter k ef name dimension kind ' +
  'collection roles permissions collections expires_in rate op id must key range match ' +
  'limit after if_version merge replace delete_keys time sequences shards __proto__ x';
const fields = constantFrom(...FIELDS.split(' '));
const { value } = letrec<{ value: unknown }>((tie) => ({
  value: oneof(
    { maxDepth: 5, depthIdentifier: 'value' },
    constantFrom(null, true, false, '', [], {}),
    number,
    text,
    arrayOf(tie('value'), { maxLength: 6, depthIdentifier: 'value' }),
    dictionaryOf(fields, tie('value'), { maxKeys: 6, depthIdentifier: 'value' }),
  ),
}));
/** What is close to what is expected, so that the code behind the schemas is reached. */
const plausible = recordOf(
  {
    points: arrayOf(recordOf({ id: text, vector: arrayOf(number, { maxLength: 4 }), payload: value }), {
      maxLength: 4,
    }),
    ids: arrayOf(text, { maxLength: 4 }),
    vector: oneof(arrayOf(number, { minLength: 2, maxLength: 2 }), text),
    filter: value,
    name: text,
    dimension: number,
  },
  { requiredKeys: [] },
);
const body = oneof(
  constant(undefined),
  oneof(value, plausible).map((each) => Buffer.from(JSON.stringify(each) ?? 'undefined')),
  uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  constantFrom(
    ...['[', '{"a":', '{"points":'].map((open) => Buffer.from(open.repeat(20_000))),
    Buffer.from(`${'['.repeat(50_000)}${']'.repeat(50_000)}`),
    Buffer.from(`{"vector":[${'1e400,'.repeat(10)}1]}`),
    Buffer.from('{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}'),
    Buffer.from(`{"filter":{"must":[${'{"must":['.repeat(200)}${']}'.repeat(200)}]}}`),
    Buffer.from('\ufeff{}'),
  ),
);
const visible = anyString({ unit: constantFrom(...'abc/+=.-_0129~"{}<>%'.split('')), maxLength: 60 });
const attack = recordOf<Attack>({
  route: nat(),
  parameters: arrayOf(text, { minLength: 3, maxLength: 3 }),
  query: oneof(
    constant(''),
    dictionaryOf(oneof(fields, constantFrom('timeout_ms', 'wait', 'consistency', 'order')), text, {
      maxKeys: 3,
    }).map(queryOf),
    visible,
  ),
  headers: dictionaryOf(
    constantFrom(
      'idempotency-key',
      'x-vectorizer-token',
      'x-correlation-id',
      'last-event-id',
      'accept',
      'cache-control',
      'origin',
    ),
    visible,
    { maxKeys: 3 },
  ),
  body,
}).chain((each) =>
  constantFrom(
    'application/json',
    'application/json',
    'application/msgpack',
    'text/plain',
    'application/json; charset=latin1',
  ).map((type) => ({ ...each, headers: { ...each.headers, 'content-type': type } })),
);

describe('every route', () => {
  let gateway: Gateway;
  let key: string;

  beforeAll(async () => {
    gateway = await startGateway();
    const rate = { tier: 'unlimited' };
    const settings = { name: 'fuzz', roles: ['admin'], collections: ['*'], events: [], rate };
    ({ key } = await gateway.access.keys.create(settings, 'test'));
    await gateway.app.inject({
      method: 'POST',
      url: '/api/v1/collections',
      headers: { 'x-api-key': key },
      payload: { name: 'books', dimension: 2 },
    });
  });
  afterAll(async () => gateway[Symbol.asyncDispose]());

  it(`answers ${RUNS} requests of ill will with answers of ours`, async () => {
    const routes = gateway.access.guard.routes.filter(({ method, pattern }) => {
      const rule = ruleOf(method, pattern);
      return method !== 'HEAD' && rule?.needs !== 'public' && rule?.endless === false;
    });
    const before = process.memoryUsage().heapUsed;
    const property = asyncProperty(attack, async ({ route, parameters, query, headers, body: payload }) => {
      const { method, pattern } = routes[route % routes.length] ?? { method: 'GET', pattern: '/' };
      let place = 0;
      const path = pattern.replaceAll(/:[a-z]+/g, () => encode(parameters[place++ % parameters.length] ?? ''));
      const timed = query.includes('timeout_ms') ? query : `timeout_ms=50${query === '' ? '' : '&'}${query}`;
      const sends = payload !== undefined && method !== 'GET';
      const answer = await gateway.app.inject({
        method: method as 'GET',
        url: `${path}?${route % 3 === 0 ? query : timed}`,
        headers: { ...headers, 'x-api-key': key },
        ...(sends && { payload }),
      });
      checkAnswer(answer, `${method} ${path}?${query}`);
    });
    await assertProperty(property, { numRuns: RUNS, interruptAfterTimeLimit: 500_000 });
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(HEAP_GROWTH_MAX);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
    expect((await gateway.app.inject({ url: '/health/live' })).statusCode).toBe(200);
  }, 600_000);
});

type Answer = Awaited<ReturnType<Gateway['app']['inject']>>;

function checkAnswer(answer: Answer, what: string): void {
  const { statusCode: status } = answer;
  if (status === 500) throw new Error(`${what} is answered 500: ${answer.body}`);
  if (status < 400) return;
  if (/\bat .*\.(js|ts):\d+|node_modules/.test(answer.body)) throw new Error(`${what} shows a stack: ${answer.body}`);
  if (/^[A-Z]+ \/qdrant/.test(what)) return checkQdrantAnswer(answer, what);
  const { error } = answer.json<{ error?: { type?: unknown; message?: unknown; correlation_id?: unknown } }>();
  if (typeof error?.type !== 'string' || typeof error.message !== 'string' || error.correlation_id === undefined) {
    throw new Error(`${what} is answered ${status} in another shape: ${answer.body}`);
  }
}

/** Errors are in the shape that Qdrant's clients know. */
function checkQdrantAnswer({ statusCode, headers, body: text }: Answer, what: string): void {
  const { status, time } = JSON.parse(text) as { status?: { error?: unknown }; time?: unknown };
  if (typeof status?.error === 'string' && typeof time === 'number' && headers['x-correlation-id'] !== undefined)
    return;
  throw new Error(`${what} is answered ${statusCode} in another shape: ${text}`);
}

function encode(parameter: string): string {
  const encoded = encodeURIComponent(parameter.toWellFormed());
  return encoded === '' || /^\.+$/.test(encoded) ? '%20' : encoded;
}

function queryOf(fieldsOfQuery: Readonly<Record<string, string>>): string {
  return Object.entries(fieldsOfQuery)
    .map(([name, given]) => `${name}=${encode(given)}`)
    .join('&');
}
