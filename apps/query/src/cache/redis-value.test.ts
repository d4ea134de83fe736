import { expect, it } from '@jest/globals';
import { Packr } from 'msgpackr';
import type { Cached } from './cached.ts';
import { decodeValue, encodeValue, seal } from './redis-value.ts';

const cached: Cached = { sequences: [5, 7], at: 9, result: { hits: [], warnings: [] } };

it('is what was kept, under its key only', () => {
  const value = encodeValue('key', cached);
  expect(decodeValue('key', value)).toEqual(cached);
  expect(decodeValue('other', value)).toBeUndefined();
});

it.each<[string, Buffer]>([
  ['no MessagePack', Buffer.of(0xc1)],
  ['cut', new Packr().pack([[5], 9, [], []]).subarray(0, 3)],
  ['of another shape', new Packr().pack({ sequences: [5] })],
  ['of parts of another kind', new Packr().pack([5, 'now', null, []])],
  ['nothing', new Packr().pack(null)],
])('is none where the content is %s, though its digest is right', (_, body) => {
  expect(decodeValue('key', seal('key', body))).toBeUndefined();
});
