import { createHash } from 'node:crypto';
import type { SnapshotFile } from '@vectorizer/contracts';

/** Holds a file of a snapshot, part by part, against its manifest. */
export class FileCheck {
  readonly #file: SnapshotFile;
  readonly #digest = createHash('sha256');
  #bytes = 0;

  constructor(file: SnapshotFile) {
    this.#file = file;
  }

  take(part: Uint8Array): void {
    this.#digest.update(part);
    this.#bytes += part.length;
  }

  /** After the last part, once. */
  isPassed(): boolean {
    return this.#bytes === this.#file.bytes && this.#digest.digest('hex') === this.#file.sha256;
  }
}
