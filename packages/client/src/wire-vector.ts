import type { RecommendInput } from './types/search.ts';

/** The item with its Float32Array, if it has one, as base64. */
export function withWireVector(item: object): object {
  if (!('vector' in item) || !(item.vector instanceof Float32Array)) return item;
  return { ...item, vector: base64(item.vector) };
}

/** As numbers, since a text is an id here. */
export function withWireExamples(examples: RecommendInput['positive'] = []): readonly (string | readonly number[])[] {
  return examples.map((example) => (example instanceof Float32Array ? Array.from(example) : example));
}

/** So many characters at once can be the arguments of a function everywhere. */
const PIECE = 8_192;

/** Of its bytes, little-endian, as they lie in memory on every machine that JavaScript runs on in practice. */
function base64({ buffer, byteOffset, byteLength }: Float32Array): string {
  if (typeof Buffer !== 'undefined') return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  let text = '';
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(text);
}
