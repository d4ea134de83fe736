import { createHash } from 'node:crypto';
import { bytesOfFloat32, type Operation } from '@vectorizer/contracts';

/**
 * Tells two requests of one id apart. Equal operations in equal order give equal fingerprints; nothing secret depends
 * on it, so half of a SHA-256 is enough.
 */
export class Fingerprint {
  readonly #hash = createHash('sha256');

  add(op: Operation): void {
    if (!('vector' in op) || op.vector === undefined) {
      this.#hash.update(`${JSON.stringify(op)}\n`);
      return;
    }
    const { vector, ...rest } = op;
    this.#hash.update(`${JSON.stringify(rest)}\n${vector.length}\n`).update(bytesOfFloat32(vector));
  }

  toString(): string {
    return this.#hash.digest('base64url').slice(0, 22);
  }
}
