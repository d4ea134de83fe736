import assert from 'node:assert/strict';
import type { PointVersions } from '../vector/point-index.ts';

/** The rows as they were when it was opened. */
export type RowView = {
  readonly count: number;
  idOf(row: number): string;
  /** Rows that have been written, moved or dropped since, each with the id that it had. */
  readonly changed: ReadonlyMap<number, string>;
  close(): void;
};

/** Which point is in which row, without holes: removing one moves the last into its place. */
export class RowTable {
  readonly #ids: string[] = [];
  readonly #rows = new Map<string, number>();
  readonly #versions: PointVersions[] = [];
  readonly #views = new Set<{ readonly count: number; readonly changed: Map<number, string> }>();

  get count(): number {
    return this.#ids.length;
  }

  rowOf(id: string): number | undefined {
    return this.#rows.get(id);
  }

  /** The point's row, which has a new vector. */
  put(id: string, versions: PointVersions): number {
    const row = this.#rows.get(id) ?? this.#ids.length;
    if (row < this.#ids.length) this.#changing(row);
    this.#ids[row] = id;
    this.#versions[row] = versions;
    this.#rows.set(id, row);
    return row;
  }

  touch(row: number, version: number): void {
    this.#versions[row] = { vectorVersion: this.#versions[row]?.vectorVersion ?? version, version };
  }

  /** Answers the row that is now where the removed one was, or undefined when the last was removed. */
  remove(row: number): number | undefined {
    const last = this.#ids.length - 1;
    this.#changing(row);
    this.#changing(last);
    this.#rows.delete(this.#ids[row] ?? '');
    const [id, versions] = [this.#ids.pop(), this.#versions.pop()];
    if (row === last || id === undefined || versions === undefined) return undefined;
    this.#ids[row] = id;
    this.#versions[row] = versions;
    this.#rows.set(id, row);
    return last;
  }

  view(): RowView {
    const changed = new Map<number, string>();
    const view = { count: this.#ids.length, changed };
    this.#views.add(view);
    return {
      ...view,
      idOf: (row) => changed.get(row) ?? this.#ids[row] ?? '',
      close: () => this.#views.delete(view),
    };
  }

  at(row: number): { readonly id: string; readonly versions: PointVersions } {
    const [id, versions] = [this.#ids[row], this.#versions[row]];
    assert(id !== undefined && versions !== undefined, 'the row is there');
    return { id, versions };
  }

  #changing(row: number): void {
    const id = this.#ids[row];
    if (id === undefined) return;
    for (const { count, changed } of this.#views) {
      if (row < count && !changed.has(row)) changed.set(row, id);
    }
  }
}
