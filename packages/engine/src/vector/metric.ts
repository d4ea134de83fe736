import type { Metric } from '@vectorizer/contracts';

/** How each metric maps to what the graph and the kernels compute. */
export const GRAPH_SPACE = { cosine: 'ip', dot: 'ip', euclidean: 'l2' } as const satisfies Record<Metric, 'ip' | 'l2'>;
export const ROW_METRIC = { cosine: 'dot', dot: 'dot', euclidean: 'squared_l2' } as const satisfies Record<
  Metric,
  'dot' | 'squared_l2'
>;

/** The vector as the index holds it: unit length for cosine (whose inner product is then the cosine), as given otherwise. */
export function indexed(metric: Metric, vector: Float32Array): Float32Array {
  return metric === 'cosine' ? normalised(vector) : vector;
}

export function isZero(vector: Float32Array): boolean {
  return vector.every((x) => x === 0);
}

/** hnswlib's distance (1 - dot, or the squared distance) as a score: higher is better for every metric. */
export function scoreOfDistance(metric: Metric, distance: number): number {
  return metric === 'euclidean' ? -Math.sqrt(Math.max(0, distance)) : 1 - distance;
}

/** A kernel's value (the dot product, or the negated squared distance) as a score. */
export function scoreOfKernel(metric: Metric, value: number): number {
  return metric === 'euclidean' ? -Math.sqrt(Math.max(0, -value)) : value;
}

/** In double precision, where the square of no float overflows or vanishes. Plain loops: iterators cost ten times more. */
function normalised(vector: Float32Array): Float32Array {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += (vector[i] ?? 0) ** 2;
  const length = Math.sqrt(sum);
  const unit = new Float32Array(vector.length);
  for (let i = 0; i < vector.length; i++) unit[i] = (vector[i] ?? 0) / length;
  return unit;
}
