import type { Dataset } from '../data/dataset.ts';

/** Of the length of a row, which is 1: far enough that copies are told apart, near enough that they stay neighbours. */
const NOISE = 0.3;

export type Points = Pick<Dataset, 'dimension' | 'rows' | 'queries'> & { readonly name: string };

/**
 * More rows, and wider ones, than a data set has: each repeats a row as often as is needed in both directions, with
 * seeded noise wherever it is a repetition. Inner products stay about what they were, and so does how hard the rows are
 * to search.
 */
export function enlarged(dataset: Dataset, size: { readonly rows: number; readonly dimension: number }): Points {
  const noise = noiseOf(size.dimension);
  const wide = (row: Float32Array, copy: boolean): Float32Array => {
    const out = new Float32Array(size.dimension);
    for (let at = 0; at < size.dimension; at += row.length) out.set(row.subarray(0, size.dimension - at), at);
    if (!copy && size.dimension === row.length) return out;
    const length = lengthOf(out);
    return unit(out.map((x) => x + noise() * length));
  };
  return {
    name: `${size.rows} × ${size.dimension} from ${dataset.name}`,
    dimension: size.dimension,
    rows: Array.from({ length: size.rows }, (_, i) =>
      wide(dataset.rows[i % dataset.rows.length] ?? new Float32Array(), i >= dataset.rows.length),
    ),
    queries: dataset.queries.map((query) => wide(query, false)),
  };
}

function lengthOf(vector: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += (vector[i] ?? 0) ** 2;
  return Math.sqrt(sum);
}

function unit(vector: Float32Array): Float32Array {
  const length = lengthOf(vector);
  return vector.map((x) => x / length);
}

/** Even noise around 0, cheap because there is much of it (a 32-bit linear congruential generator). */
function noiseOf(dimension: number): () => number {
  let state = 1;
  const scale = (NOISE * Math.sqrt(12)) / Math.sqrt(dimension);
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 32 - 0.5) * scale;
  };
}
