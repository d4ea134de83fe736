/** A point of common size; grows to that of the largest. */
let bytes = Buffer.allocUnsafe(16 * 1024);

/**
 * Memory for what is put together only to be hashed at once: the next call gives the same bytes away again. Allocating them each
 * time costs about what the hashing does.
 */
export function scratch(length: number): Buffer {
  if (bytes.length < length) bytes = Buffer.allocUnsafe(length * 2);
  return bytes.subarray(0, length);
}
