import { createHash, hash } from 'node:crypto';
import { bytesOfFloat32, type Operation } from '@vectorizer/contracts';
import type { Slices } from '../apply/slices.ts';
import { scratch } from './scratch.ts';

/**
 * Tells two requests of one id apart. Equal operations in equal order give equal fingerprints; nothing secret depends
 * on it, so half of a SHA-256 is enough.
 */
export class Fingerprint {
  #text: string | (() => string);

  private constructor(text: string | (() => string)) {
    this.#text = text;
  }

  static known(text: string): Fingerprint {
    return new Fingerprint(text);
  }

  /** Of a request of one operation, as most are: worked out when it is asked for, by a retry or by the flush, so that no write waits for it. */
  static of(op: Operation): Fingerprint {
    return new Fingerprint(() => textOf(op));
  }

  static async ofAll(ops: readonly Operation[], slices: Slices): Promise<Fingerprint> {
    const digest = createHash('sha256');
    for (const op of ops) {
      const { text, vector } = partsOf(op);
      digest.update(text).update(vector);
      if (slices.due) await slices.next();
    }
    return Fingerprint.known(shortened(digest.digest('base64url')));
  }

  get text(): string {
    if (typeof this.#text !== 'string') this.#text = this.#text();
    return this.#text;
  }
}

const NO_BYTES = new Uint8Array();

function textOf(op: Operation): string {
  const { text, vector } = partsOf(op);
  const textBytes = Buffer.byteLength(text);
  const bytes = scratch(textBytes + vector.length);
  bytes.write(text, 0);
  bytes.set(vector, textBytes);
  return shortened(hash('sha256', bytes, 'base64url'));
}

/** The operation as text, and its vector as it is. */
function partsOf(op: Operation): { readonly text: string; readonly vector: Uint8Array } {
  if (!('vector' in op) || op.vector === undefined) return { text: `${JSON.stringify(op)}\n`, vector: NO_BYTES };
  const rest = JSON.stringify({ ...op, vector: undefined });
  return { text: `${rest}\n${op.vector.length}\n`, vector: bytesOfFloat32(op.vector) };
}

function shortened(digest: string): string {
  return digest.slice(0, 22);
}
