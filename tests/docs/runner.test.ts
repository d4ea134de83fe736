import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { follow, nothingFollowed } from './follow.ts';
import { openPlace, type Place } from './place.ts';

const fence = (info: string, ...lines: string[]): string => ['```' + info, ...lines, '```', ''].join('\n');

/** Each in a document that is otherwise true. */
const UNTRUE: readonly (readonly [string, string, string])[] = [
  ['a command that fails', fence('sh', 'false', 'echo later'), 'd.md:2: it ended with 1'],
  ['a command that fails in a pipe', fence('sh', 'false | cat'), 'd.md:2: it ended with 1'],
  ['a request that is refused', fence('sh', 'curl http://127.0.0.1:9/'), 'd.md:2: it ended with 7'],
  ['a command that is to fail and does not', fence('console fails', '$ true'), 'd.md:2: it ended with 0'],
  ['another output', fence('console', '$ echo one; echo two', 'one', 'three'), 'd.md:2: what it printed'],
  [
    'an id that is not the one of before',
    fence('console', '$ echo abcdef123456', 'uvwxyz987654', '$ echo abcdef123457', 'uvwxyz987654'),
    'd.md:4: what it printed',
  ],
  [
    'code that throws',
    fence('ts', 'const n: number = 1;', `if (n === 1) throw new Error('no');`),
    'd.md:2: it ended with 1',
  ],
  [
    'code that prints another thing',
    fence('ts', 'console.log(1);') + fence('output', '2'),
    'd.md:5: not what was printed',
  ],
  ['JSON that is none', fence('json', '{ "a": }'), 'd.md:2: not JSON'],
  ['a command that nobody has', fence('sh', './vectorizer fly'), 'd.md:2: it ended with'],
  ['a block of no language', fence('', 'echo'), `d.md:2: a block is not ''`],
  ['a tag that there is not', fence('sh untli', 'echo'), `a block is not tagged 'untli'`],
];

const TRUE = [
  fence('sh', 'name=world', 'greet() { echo "hello $name"; }'),
  fence(
    'console',
    '$ greet; date -u +%FT%TZ',
    'hello world',
    '2026-01-01T00:00:00Z',
    '$ echo "{ \\"id\\": \\"abcdef123456\\" }"',
    '{"id":"uvwxyz987654"}',
    '$ echo /uvwxyz987654',
    '/abcdef123456',
  ),
  fence('console until', '$ name="${name}d"; echo $name', 'worldddd'),
  fence('json', '{ "a": […], "b": 1, … }'),
  fence('sh not-run: takes for ever', 'sleep infinity'),
  fence('sh needs: no-such-program', 'no-such-program'),
].join('\n');

describe('the test of the documents', () => {
  let place: Place;
  beforeAll(async () => (place = await openPlace([])));
  afterAll(async () => place[Symbol.asyncDispose]());

  it('runs what is true, and says what it did not', async () => {
    const done = nothingFollowed();
    await follow({ name: 'd.md', text: TRUE }, place, done);
    expect(done).toEqual({
      ran: 3,
      failed: 0,
      notRun: ['d.md:26: takes for ever'],
      notHere: ['d.md:30: no-such-program'],
    });
  });

  it.each(UNTRUE)('finds %s', async (_, text, said) => {
    const done = nothingFollowed();
    await expect(follow({ name: 'd.md', text }, place, done)).rejects.toThrow(said);
  });
});
