import type { Found } from './ranking.ts';
import type { IndexStats, PointIndex } from './point-index.ts';

/** For a replica that only applies its log: it finds nothing, keeps nothing in memory, and leaves what is saved alone. */
export class NoIndex implements PointIndex {
  readonly room = Infinity;
  readonly capacity = Infinity;
  readonly exhaustive = false;
  readonly needsRebuild = false;
  readonly unsaved = 0;

  stats(): IndexStats {
    return { indexed: 0, buffered: 0, dead: 0 };
  }

  upsert(): void {
    // Nobody searches.
  }

  touch(): void {
    // Nobody searches.
  }

  remove(): void {
    // Nobody searches.
  }

  search(): Found[] {
    return [];
  }

  drain(): boolean {
    return false;
  }

  async rebuild(): Promise<void> {
    // It is never due.
  }

  async save(): Promise<void> {
    // It is never due.
  }

  async load(): Promise<{ readonly reason: undefined }> {
    return { reason: undefined };
  }
}
