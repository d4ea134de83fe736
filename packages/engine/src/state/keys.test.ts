import { describe, expect, it } from '@jest/globals';
import { compareIds } from '@vectorizer/contracts';
import { idOfKey, keyAfter, pointKey } from './keys.ts';

const ids = [
  'a',
  'ab',
  'b',
  'é',
  '\uffee',
  '\u{1f600}',
  '\u{1f600}a',
  '\ud7ff',
  '\ue000',
  '日本',
  'A',
  '0',
  'a'.repeat(256),
];

describe('the order of ids', () => {
  it('is that of their UTF-8 bytes', () => {
    for (const a of ids) {
      for (const b of ids) {
        expect(Math.sign(compareIds(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
        expect(Math.sign(compareIds(a, b))).toBe(Buffer.compare(pointKey(a), pointKey(b)));
      }
    }
  });

  it('has nothing between a point and the key after it', () => {
    for (const id of ids) {
      expect(Buffer.compare(keyAfter(id), pointKey(id))).toBe(1);
      expect(Buffer.compare(keyAfter(id), pointKey(`${id} `))).toBe(-1);
      expect(idOfKey(pointKey(id))).toBe(id);
    }
  });
});
