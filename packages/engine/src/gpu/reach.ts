import type { Metric } from '@vectorizer/contracts';
import type { GpuAnswer } from './gpu-search.ts';

/** A float's relative error. */
const UNIT = 2 ** -24;

type Ranking = {
  readonly k: number;
  readonly metric: Metric;
  readonly dimension: number;
  /** The length of the query times that of the longest row; the error of a product is relative to it. */
  readonly lengths: number;
};

/**
 * The rows that may be among the k best in double precision: those whose score in single precision lies no farther
 * below the k-th than the errors of both come to. Each of them costs the processor a look at its stored vector.
 */
export function withinReach({ rows, keys }: GpuAnswer, ranking: Ranking): number[] {
  const kth = keys.toSorted((a, b) => b - a)[ranking.k - 1];
  const last = kth === undefined ? NaN : scoreOf(kth);
  // Of an overflow, nothing follows.
  if (!Number.isFinite(last)) return [...rows];
  const lowest = last - reachOf(ranking, last);
  return [...rows].filter((_, i) => !(scoreOf(keys[i] ?? 0) < lowest));
}

/** Twice the error of one score: a sum of products, four at a time, of components that were rounded once. */
function reachOf({ metric, dimension, lengths }: Ranking, score: number): number {
  const relative = (dimension / 4 + 16) * UNIT;
  return 2 * relative * (metric === 'euclidean' ? Math.abs(score) * (1 + 4 * relative) : lengths);
}

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

/** Undoes what makes a key sort like its score. */
function scoreOf(key: number): number {
  bits[0] = key >= 0x8000_0000 ? key & 0x7fff_ffff : ~key;
  return float[0] ?? NaN;
}
