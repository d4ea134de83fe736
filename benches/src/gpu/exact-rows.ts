import { limits } from '@vectorizer/contracts';
import { RowBuffer } from '@vectorizer/kernels';
import { K } from '../setting.ts';
import type { Points } from './points.ts';

export type Exact = {
  /** Each asked query's nearest rows by dot product, best first, with their scores in single precision. */
  readonly truth: readonly (readonly { readonly row: number; readonly score: number }[])[];
  /** Milliseconds of each scan. */
  readonly latenciesMs: readonly number[];
};

/** The exact scan on one core: all rows in one piece of memory, with the SIMD kernel that the engine scans its buffer with. */
export function scanRows(points: Points, queries: number): Exact {
  const { rows, dimension } = points;
  const buffer = new RowBuffer({ dimension, metric: 'dot', capacity: rows.length, kMax: limits.kMax });
  for (const row of rows) buffer.push(row);
  const latenciesMs: number[] = [];
  const truth = points.queries.slice(0, queries).map((query) => {
    const found: { row: number; score: number }[] = [];
    const start = performance.now();
    buffer.search(query, K, (row, score) => found.push({ row, score }));
    latenciesMs.push(performance.now() - start);
    return found.toSorted((a, b) => b.score - a.score).slice(0, K);
  });
  return { truth, latenciesMs };
}

/** The share of the K nearest that were found; a row that scores like the last of them counts as one. */
export function recallOf(
  found: readonly (readonly { readonly id: string; readonly score: number }[])[],
  exact: Exact,
): number {
  let [hits, wanted] = [0, 0];
  for (const [q, answer] of found.entries()) {
    const truth = exact.truth[q] ?? [];
    const [rows, last] = [new Set(truth.map(({ row }) => row)), truth.at(-1)?.score ?? Infinity];
    wanted += truth.length;
    hits += answer.filter(({ id, score }) => rows.has(Number(id)) || score >= last - 1e-6).length;
  }
  return hits / wanted;
}
