import { describe, expect, it } from '@jest/globals';
import { bytesOfFloat32, Vector } from './vector.ts';

const floats = Float32Array.of(1.5, -2, 0.1);
const problem = (input: unknown): string | undefined => Vector.safeParse(input).error?.issues[0]?.message;

describe('a vector', () => {
  it('is the same from numbers, from base64 and from bytes', () => {
    const bytes = bytesOfFloat32(floats);
    expect(Vector.parse([1.5, -2, 0.1])).toEqual(floats);
    expect(Vector.parse(Buffer.from(bytes).toString('base64'))).toEqual(floats);
    expect(Vector.parse(bytes)).toEqual(floats);
    expect(Vector.parse(floats)).toBe(floats);
  });

  it('reads bytes at any alignment', () => {
    const shifted = new Uint8Array(13);
    shifted.set(bytesOfFloat32(floats), 1);
    expect(Vector.parse(shifted.subarray(1))).toEqual(floats);
  });

  it.each([
    ['a string among numbers', [1, '2', 3], 'component 1: expected a number'],
    ['a null', [1, null], 'component 1: expected a number'],
    ['a hole', Object.assign([1, 2], { length: 3 }), 'component 2: expected a number'],
    ['NaN', [1, NaN], 'component 1: expected a finite float32'],
    ['infinity', [Infinity], 'component 0: expected a finite float32'],
    ['a double that overflows float32', [1e39], 'component 0: expected a finite float32'],
    [
      'NaN bytes',
      Buffer.from(bytesOfFloat32(Float32Array.of(NaN))).toString('base64'),
      'component 0: expected a finite float32',
    ],
    ['nothing', [], 'expected 1 to 65536 components'],
    ['empty base64', '', 'expected 1 to 65536 components'],
    ['too many', Array.from({ length: 65_537 }, () => 0), 'expected 1 to 65536 components'],
    ['half a float', 'AAAAAAA=', 'expected a multiple of 4 bytes of little-endian float32'],
    ['text', 'not base64!', 'expected base64 of little-endian float32'],
    ['an object', { 0: 1 }, 'expected an array of numbers, or base64 of little-endian float32'],
  ])('is not %s', (_, input, message) => {
    expect(problem(input)).toBe(message);
  });
});
