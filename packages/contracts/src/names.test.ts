import { describe, expect, it } from '@jest/globals';
import { CollectionName, PointId } from './names.ts';
import { shardOf } from './placement.ts';
import { decodeToken, encodeToken } from './token.ts';
import { CollectionUid } from './names.ts';

describe('names', () => {
  it.each(['a', 'A1_b-c', '9', 'x'.repeat(63)])('accept the collection name %s', (name) => {
    expect(CollectionName.safeParse(name).success).toBe(true);
  });

  it.each(['', '-a', '_a', 'a.b', 'a/b', 'a b', 'ä', 'a>', 'x'.repeat(64), 'a\n'])(
    'refuse the collection name %j',
    (name) => {
      expect(CollectionName.safeParse(name).success).toBe(false);
    },
  );

  it.each(['0', 'a/b', 'ä ö', '日本', '%', 'x'.repeat(256)])('accept the id %s', (id) => {
    expect(PointId.safeParse(id).success).toBe(true);
  });

  it.each(['', 'x'.repeat(257), 'a\u0000', 'tab\t', '\ud800', 5, null])('refuse the id %j', (id) => {
    expect(PointId.safeParse(id).success).toBe(false);
  });
});

describe('the shard of a point', () => {
  it('never changes: foreign producers depend on it', () => {
    expect(shardOf('a', 4)).toBe(2);
    expect(shardOf('point-1', 16)).toBe(14);
  });

  it('spreads points evenly', () => {
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 4_000; i++) counts[shardOf(String(i), 4)] = (counts[shardOf(String(i), 4)] ?? 0) + 1;
    expect(Math.min(...counts)).toBeGreaterThan(900);
  });
});

describe('a token', () => {
  const uid = CollectionUid.parse('0123456789abcdef');

  it('comes back as it was', () => {
    expect(decodeToken(encodeToken(uid, [3, 0, 9]))).toEqual({ uid, sequences: [3, 0, 9] });
  });

  it.each(['', 'x', 'e30', Buffer.from('{"u":"0123456789abcdef","s":[-1]}').toString('base64url')])(
    'is refused when it is %j',
    (text) => {
      expect(() => decodeToken(text)).toThrow('is not a token');
    },
  );

  it('is refused with anything added that a decoder would leave out', () => {
    const token = encodeToken(uid, [3]);
    for (const text of [`${token}!!`, `${token.slice(0, 5)} ${token.slice(5)}`, `${token}=`]) {
      expect(() => decodeToken(text)).toThrow('is not a token');
    }
  });
});
