import { describe, expect, it } from '@jest/globals';
import { PayloadText } from './payload.ts';

const problem = (input: unknown): string | undefined => PayloadText.safeParse(input).error?.issues[0]?.message;
const nested = (depth: number): unknown => (depth === 0 ? 1 : { inner: nested(depth - 1) });

describe('a payload', () => {
  it('becomes its JSON text', () => {
    expect(PayloadText.parse({ a: [1, { b: null }], ü: 'x' })).toBe('{"a":[1,{"b":null}],"ü":"x"}');
  });

  it('keeps a key named __proto__ as data', () => {
    const hostile: unknown = JSON.parse('{"__proto__":{"admin":true}}');
    expect(PayloadText.parse(hostile)).toBe('{"__proto__":{"admin":true}}');
  });

  it.each([
    ['a list', [1], 'expected a JSON object'],
    ['text', 'x', 'expected a JSON object'],
    ['NaN inside', { a: NaN }, 'must hold finite numbers only'],
    ['a date inside', { a: new Date(0) }, 'must hold JSON values only'],
    ['bytes inside', { a: new Uint8Array(2) }, 'must hold JSON values only'],
    ['half a surrogate pair', { a: '\ud800' }, 'must be well-formed Unicode'],
    ['too deep', nested(34), 'must nest at most 32 deep'],
    ['too large', { a: 'x'.repeat(65_536) }, 'must have at most 65536 bytes as JSON'],
  ])('is not %s', (_, input, message) => {
    expect(problem(input)).toBe(message);
  });
});
