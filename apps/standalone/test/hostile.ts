import * as fc from 'fast-check';

/** What no client of good will sends. */
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
  '\ud800',
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
  `${'a'.repeat(200)}!`,
];
export const hostileText = fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary', maxLength: 80 }));

const hostileNumber = fc.oneof(
  fc.constantFrom(1e308, -1e308, 1e-320, -0, 2 ** 53, -(2 ** 63), 2 ** 31, 0.1, 65_537, 1_001, -1),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
);
const names = fc.oneof(fc.constantFrom('__proto__', 'constructor', 'x', 'id', 'vector', 'filter', 'must'), hostileText);

/** Any JSON, deep and wide. */
export const hostileValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthIdentifier: 'value' },
    fc.constantFrom<unknown>(null, true, false, '', [], {}),
    hostileNumber,
    hostileText,
    fc.array(tie('value'), { maxLength: 6, depthIdentifier: 'value' }),
    fc.dictionary(names, tie('value'), { maxKeys: 6, depthIdentifier: 'value' }),
  ),
})).value;

/** Bytes that are to cost more than they weigh, or to be taken for something else. */
export const hostileBytes: fc.Arbitrary<Buffer> = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(
    ...['[', '{"a":', '{"points":', '{"filter":{"must":['].map((open) => Buffer.from(open.repeat(20_000))),
    Buffer.from(`${'['.repeat(50_000)}${']'.repeat(50_000)}`),
    Buffer.from(`{"vector":[${'1e400,'.repeat(10)}1]}`),
    Buffer.from('{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}'),
    Buffer.from(`{"filter":{"must":[${'{"must":['.repeat(200)}${']}'.repeat(200)}]}}`),
    Buffer.from(`{${Array.from({ length: 20_000 }, (_, i) => `"k${i}":0`).join(',')}}`),
    Buffer.from('{"id":"a","id":"b"}'),
    Buffer.from('\ufeff{}'),
  ),
);

/** Visible in a header. */
export const hostileHeader = fc.string({ unit: fc.constantFrom(...'abc/+=.-_0129~"{}<>%, '.split('')), maxLength: 60 });

/** A value of which one part was taken away, replaced, repeated, or has company that it should not have. */
export function spoiled(valid: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const place = fc.array(fc.nat({ max: 1_000 }), { minLength: 1, maxLength: 5 });
  const how = fc.constantFrom<How>('replace', 'replace', 'remove', 'add', 'repeat');
  return fc
    .tuple(valid, place, how, hostileValue, names)
    .map(([value, at, change, by, name]) => spoil(value, at, { change, by, name }));
}

type How = 'replace' | 'remove' | 'add' | 'repeat';
type Spoiling = { readonly change: How; readonly by: unknown; readonly name: string };
const REPEATED = 1_001;

function spoil(value: unknown, [first = 0, ...rest]: readonly number[], how: Spoiling): unknown {
  if (Array.isArray(value)) {
    if (how.change === 'repeat') return Array.from({ length: REPEATED }, () => value[0] as unknown);
    if (value.length === 0 || how.change === 'add') return [...(value as unknown[]), how.by];
    const at = first % value.length;
    if (how.change === 'remove' && rest.length === 0) return value.toSpliced(at, 1) as unknown;
    return value.with(at, spoil(value[at], rest, how)) as unknown;
  }
  if (typeof value !== 'object' || value === null) return how.by;
  const entries = Object.entries(value);
  const [key] = entries[first % Math.max(1, entries.length)] ?? [];
  if (key === undefined || how.change === 'add') return Object.fromEntries([...entries, [how.name, how.by]]);
  if (how.change === 'remove') return Object.fromEntries(entries.filter(([each]) => each !== key));
  return Object.fromEntries(entries.map(([each, part]) => [each, each === key ? spoil(part, rest, how) : part]));
}
