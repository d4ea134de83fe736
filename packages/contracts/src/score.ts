import type { Metric } from './collection.ts';

/** How near two vectors are, in double precision: higher is nearer for every metric, so a distance is negative. */
export function exactScore(metric: Metric, a: Float32Array, b: Float32Array): number {
  if (metric === 'euclidean') return -Math.sqrt(squaredDistance(a, b));
  return metric === 'dot' ? product(a, b) : product(a, b) / Math.sqrt(product(a, a) * product(b, b));
}

/** In double precision, where the square of no finite component overflows. */
export function lengthOf(vector: Float32Array): number {
  return Math.sqrt(product(vector, vector));
}

function product(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

function squaredDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    sum += difference * difference;
  }
  return sum;
}
