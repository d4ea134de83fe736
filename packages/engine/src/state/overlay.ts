import type { PointRecord } from './record.ts';

/** Points changed since a flush; undefined where the point was deleted. */
export type PointChanges = Map<string, PointRecord | undefined>;

/** At most this many changes wait in memory for a flush; one entry may go beyond (delete_by_filter). */
const CHANGES_MAX = 8_192;
const BYTES_MAX = 64 * 1024 * 1024;
/** What a change takes beside its vector and payload, about. */
const CHANGE_BYTES = 200;

/**
 * The changes that are applied but not yet on disk, in two layers: `active` takes new ones, `frozen` is being written
 * and does not change. A read asks active, then frozen, then the store.
 */
export class Overlay {
  #active: PointChanges = new Map();
  #frozen: PointChanges = new Map();
  #activeBytes = 0;

  get size(): number {
    return this.#active.size;
  }

  get full(): boolean {
    return this.#active.size >= CHANGES_MAX || this.#activeBytes >= BYTES_MAX;
  }

  has(id: string): boolean {
    return this.#active.has(id) || this.#frozen.has(id);
  }

  get(id: string): PointRecord | undefined {
    return this.#active.has(id) ? this.#active.get(id) : this.#frozen.get(id);
  }

  set(id: string, record: PointRecord | undefined): void {
    this.#active.set(id, record);
    this.#activeBytes +=
      CHANGE_BYTES + (record === undefined ? 0 : record.vector.byteLength + (record.payload?.length ?? 0));
  }

  /** Freezes what is active. What an earlier, failed flush had frozen is written with it. */
  freeze(): ReadonlyMap<string, PointRecord | undefined> {
    this.#frozen = this.#frozen.size === 0 ? this.#active : new Map([...this.#frozen, ...this.#active]);
    this.#active = new Map();
    this.#activeBytes = 0;
    return this.#frozen;
  }

  /** The frozen changes are in the store. */
  thaw(): void {
    this.#frozen = new Map();
  }

  /** Of points that may have been removed, too. */
  ids(): string[] {
    return [...this.#frozen.keys(), ...this.#active.keys()];
  }

  copy(): PointChanges {
    return new Map([...this.#frozen, ...this.#active]);
  }
}
