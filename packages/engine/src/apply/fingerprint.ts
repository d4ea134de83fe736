import { createHash, hash } from 'node:crypto';
import { bytesOfFloat32, type Operation } from '@vectorizer/contracts';
import { scratch } from '../state/scratch.ts';

/**
 * Tells two requests of one id apart. Equal operations in equal order give equal fingerprints; nothing secret depends
 * on it, so half of a SHA-256 is enough.
 */
export class Fingerprint {
  readonly #hash = createHash('sha256');

  /** The fingerprint of a request of one operation, as most are, at half the cost. */
  static of(op: Operation): string {
    const { text, vector } = partsOf(op);
    const textBytes = Buffer.byteLength(text);
    const bytes = scratch(textBytes + vector.length);
    bytes.write(text, 0);
    bytes.set(vector, textBytes);
    return shortened(hash('sha256', bytes, 'base64url'));
  }

  add(op: Operation): void {
    const { text, vector } = partsOf(op);
    this.#hash.update(text).update(vector);
  }

  toString(): string {
    return shortened(this.#hash.digest('base64url'));
  }
}

const NO_BYTES = new Uint8Array();

/** The operation as text, and its vector as it is. */
function partsOf(op: Operation): { readonly text: string; readonly vector: Uint8Array } {
  if (!('vector' in op) || op.vector === undefined) return { text: `${JSON.stringify(op)}\n`, vector: NO_BYTES };
  const rest = JSON.stringify({ ...op, vector: undefined });
  return { text: `${rest}\n${op.vector.length}\n`, vector: bytesOfFloat32(op.vector) };
}

function shortened(digest: string): string {
  return digest.slice(0, 22);
}
