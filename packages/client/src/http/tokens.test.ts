import { describe, expect, it } from '@jest/globals';
import { encodeToken, decodeToken, type CollectionUid } from '@vectorizer/contracts';
import { joined } from './tokens.ts';

const [one, other] = ['0123456789abcdef', 'fedcba9876543210'] as unknown as [CollectionUid, CollectionUid];

describe('two tokens of a collection', () => {
  it('become one that has seen what either has, as the server reads it', () => {
    const token = joined(encodeToken(one, [4, 9]), encodeToken(one, [7, 2, 3]));
    expect(decodeToken(token)).toEqual({ uid: one, sequences: [7, 9, 3] });
  });

  it('of different lives, or of a form that is not known, give way to the newer', () => {
    expect(joined(encodeToken(one, [4]), encodeToken(other, [1]))).toBe(encodeToken(other, [1]));
    for (const strange of ['opaque', '!', Buffer.from('{"u":"a","s":[1],"v":2}').toString('base64url')]) {
      expect(joined(encodeToken(one, [4]), strange)).toBe(strange);
      expect(joined(strange, encodeToken(one, [4]))).toBe(encodeToken(one, [4]));
    }
  });
});
