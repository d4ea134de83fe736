import assert from 'node:assert/strict';
import { CodeRows, type CodeQuery, type CodeType, type RowMetric, type Wanted } from '@vectorizer/kernels';
import type { PointVersions } from '../vector/point-index.ts';
import type { Scored } from '../vector/ranking.ts';

/** Rows of one moment, side by side. */
export type CodedRows = {
  readonly codes: Uint8Array;
  readonly ids: readonly string[];
  readonly versions: readonly number[];
};

/** Points with the codes of their vectors, in rows without holes: what is changed is overwritten, what is removed is replaced by the last. */
export class CodedPoints {
  readonly #rows: CodeRows;
  /** By row. */
  readonly #ids: string[] = [];
  readonly #vectorVersions: number[] = [];
  readonly #versions: number[] = [];
  readonly #places = new Map<string, number>();

  constructor(options: { readonly type: CodeType; readonly dimension: number; readonly metric: RowMetric }) {
    this.#rows = new CodeRows(options);
  }

  get count(): number {
    return this.#rows.count;
  }

  get rowBytes(): number {
    return this.#rows.rowBytes;
  }

  /** Of the codes alone. */
  get byteLength(): number {
    return this.#rows.byteLength;
  }

  has(id: string): boolean {
    return this.#places.has(id);
  }

  versionOf(id: string): number {
    return this.#versions[this.#places.get(id) ?? -1] ?? 0;
  }

  set(id: string, vector: Float32Array, version: number): void {
    const place = this.#places.get(id);
    if (place === undefined) this.#add(id, this.#rows.push(vector), { version, vectorVersion: version });
    else {
      this.#rows.set(place, vector);
      this.#vectorVersions[place] = this.#versions[place] = version;
    }
  }

  /** A new point with codes that were read before. */
  adopt(id: string, codes: Uint8Array, versions: PointVersions): void {
    assert(!this.#places.has(id));
    this.#add(id, this.#rows.pushRead(codes), versions);
  }

  touch(id: string, version: number): void {
    const place = this.#places.get(id);
    assert(place !== undefined, 'what is touched is there');
    this.#versions[place] = version;
  }

  /** Answers which point moved into its row, if any. The point is there. */
  remove(id: string): string | undefined {
    const place = this.#places.get(id);
    assert(place !== undefined, 'what is removed is there');
    this.#places.delete(id);
    const moved = this.#rows.remove(place);
    const [last, vectorVersion, version] = [this.#ids.pop(), this.#vectorVersions.pop(), this.#versions.pop()];
    if (moved === undefined || last === undefined) return undefined;
    this.#ids[place] = last;
    this.#vectorVersions[place] = vectorVersion ?? 0;
    this.#versions[place] = version ?? 0;
    this.#places.set(last, place);
    return last;
  }

  queryOf(vector: Float32Array): CodeQuery {
    return this.#rows.queryOf(vector);
  }

  /** Scans the rows of a block; see CodeRows. */
  scan(query: CodeQuery, start: number, wanted: Wanted): Scanned {
    const { found, next } = this.#rows.scan(query, start, wanted);
    return { found: found.map(({ row, score, slop }) => ({ id: this.#ids[row] ?? '', score, slop })), next };
  }

  /** The score of a vector as it would have it in a row. */
  scoreOf(query: CodeQuery, vector: Float32Array): number {
    return this.#rows.scoreOf(query, vector);
  }

  /** A copy of some rows. */
  copy(start: number, end: number): CodedRows {
    const codes = new Uint8Array((end - start) * this.rowBytes);
    for (let row = start; row < end; row++) codes.set(this.#rows.read(row), (row - start) * this.rowBytes);
    return { codes, ids: this.#ids.slice(start, end), versions: this.#vectorVersions.slice(start, end) };
  }

  #add(id: string, row: number, { version, vectorVersion }: PointVersions): void {
    assert.equal(row, this.#ids.length);
    this.#ids.push(id);
    this.#vectorVersions.push(vectorVersion);
    this.#versions.push(version);
    this.#places.set(id, row);
  }
}

/** `slop` is how far off the score may be. */
export type CodedScore = Scored & { readonly slop: number };
export type Scanned = { readonly found: CodedScore[]; readonly next: number };
