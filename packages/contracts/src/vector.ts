import { z } from 'zod';
import { limits } from './limits.ts';

/**
 * A vector as clients send it: an array of numbers, base64 of little-endian float32, or (in a MessagePack body) the
 * float32 bytes themselves. Out comes a Float32Array of finite numbers.
 *
 * Checked in one pass: a schema node per component costs as much as parsing the JSON.
 */
export const Vector = z.unknown().transform((input, context): Float32Array => {
  const vector = toFloat32(input);
  if (typeof vector === 'string') {
    context.addIssue({ code: 'custom', message: vector });
    return z.NEVER;
  }
  return vector;
});

/** The vector, or what is wrong with it. */
export function toFloat32(input: unknown): Float32Array | string {
  if (input instanceof Float32Array) return checkFinite(input);
  if (Array.isArray(input)) return fromArray(input);
  if (typeof input === 'string') return fromBase64(input);
  if (input instanceof Uint8Array) return fromBytes(input);
  return 'expected an array of numbers, or base64 of little-endian float32';
}

function fromArray(input: readonly unknown[]): Float32Array | string {
  const wrongSize = checkSize(input.length);
  if (wrongSize !== undefined) return wrongSize;
  const vector = new Float32Array(input.length);
  for (let i = 0; i < input.length; i++) {
    const component = input[i];
    if (typeof component !== 'number') return `component ${i}: expected a number`;
    vector[i] = component;
  }
  return checkFinite(vector);
}

function fromBase64(input: string): Float32Array | string {
  const bytes = Buffer.from(input, 'base64');
  // The decoder leaves out what is not base64, so that such text yields fewer bytes than its length promises.
  const padding = input.endsWith('==') ? 2 : input.endsWith('=') ? 1 : 0;
  const promised = Math.floor(((input.length - padding) * 3) / 4);
  if (input.length % 4 === 1 || bytes.length !== promised) return 'expected base64 of little-endian float32';
  return fromBytes(bytes);
}

function fromBytes(bytes: Uint8Array): Float32Array | string {
  if (bytes.byteLength % 4 !== 0) return 'expected a multiple of 4 bytes of little-endian float32';
  const wrongSize = checkSize(bytes.byteLength / 4);
  return wrongSize ?? checkFinite(float32FromBytes(bytes));
}

/** Copies, since the bytes need not be aligned. The platform is little-endian, as every one that Node 24 runs on in practice. */
export function float32FromBytes(bytes: Uint8Array): Float32Array {
  const copy = Buffer.allocUnsafe(bytes.byteLength);
  copy.set(bytes);
  return new Float32Array(copy.buffer, copy.byteOffset, bytes.byteLength / 4);
}

/** A view, not a copy. */
export function bytesOfFloat32(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
}

function checkSize(length: number): string | undefined {
  return length >= 1 && length <= limits.dimensionMax ? undefined : `expected 1 to ${limits.dimensionMax} components`;
}

/** Checked after rounding to float32: 1e39 is a finite double and an infinite float. */
function checkFinite(vector: Float32Array): Float32Array | string {
  // What is finite comes to zero, less itself; that is seen four times as fast as component by component.
  let sum = 0;
  for (let i = 0; i < vector.length; i++) {
    const x = vector[i] ?? 0;
    sum += x - x;
  }
  if (sum === 0) return vector;
  return `component ${vector.findIndex((x) => !Number.isFinite(x))}: expected a finite float32`;
}
