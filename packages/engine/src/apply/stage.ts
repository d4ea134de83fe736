import type { PointRecord } from '../state/record.ts';
import type { Snapshot } from '../state/snapshot.ts';
import { digestOf } from '../state/state-hash.ts';

/** What a stage lies on. */
export type Base = { point(id: string): PointRecord | undefined; snapshot(): Snapshot };

const NO_VECTOR = new Float32Array();

/** The changes of an entry in preparation: its later operations see what its earlier ones did, and nobody else does. */
export class Stage {
  readonly #base: Base;
  readonly changes = new Map<string, PointRecord | undefined>();
  /** What was there before, for each changed id; without the vector where it was deleted by a filter. */
  readonly before = new Map<string, PointRecord | undefined>();

  constructor(base: Base) {
    this.#base = base;
  }

  get(id: string): PointRecord | undefined {
    if (this.changes.has(id)) return this.changes.get(id);
    const record = this.before.has(id) ? this.before.get(id) : this.#base.point(id);
    this.before.set(id, record);
    return record;
  }

  set(id: string, record: PointRecord | undefined): void {
    this.changes.set(id, record);
  }

  /**
   * Deletes a point that was read. One entry may delete every point by a filter, and all their vectors might not fit into
   * memory; nobody asks for the vector that a deleted point had, once its digest is known.
   */
  delete(id: string, record: PointRecord): void {
    if (!this.before.has(id)) {
      const digest = record.digest ?? digestOf(id, record);
      this.before.set(id, { ...record, vector: NO_VECTOR, digest });
    }
    this.changes.set(id, undefined);
  }

  /** Every point as the stage sees it, any of which may be deleted as it comes. The base does not move while an entry is prepared. */
  *points(): Generator<{ readonly id: string; readonly record: PointRecord }> {
    for (const [id, record] of this.changes) if (record !== undefined) yield { id, record };
    using snapshot = this.#base.snapshot();
    for (const point of snapshot.points()) if (!this.changes.has(point.id)) yield point;
  }

  /** The same of those that have changed and those with the ids given. */
  *pointsOf(ids: readonly string[]): Generator<{ readonly id: string; readonly record: PointRecord }> {
    for (const [id, record] of this.changes) if (record !== undefined) yield { id, record };
    for (const id of ids) {
      const record = this.changes.has(id) ? undefined : this.#base.point(id);
      if (record !== undefined) yield { id, record };
    }
  }
}
