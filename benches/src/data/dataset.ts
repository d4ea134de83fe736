import { readFileSync } from 'node:fs';

/** Rows and queries of one dimension, with each query's exact nearest rows (by dot product), best first. */
export type Dataset = {
  readonly name: string;
  readonly dimension: number;
  readonly rows: readonly Float32Array[];
  readonly queries: readonly Float32Array[];
  readonly truth: readonly (readonly number[])[];
};

export type DatasetFiles = {
  readonly base: string;
  readonly queries: string;
  readonly truth: string;
  readonly dimension: number;
  readonly truthK: number;
};

/** Reads raw little-endian rows: base .f16 or .f32, queries .f32, truth .i32. */
export function readDataset(files: DatasetFiles): Dataset {
  const { dimension } = files;
  const base = readFileSync(files.base);
  const flat = files.base.endsWith('.f16')
    ? Float32Array.from(new Float16Array(aligned(base, 2)))
    : new Float32Array(aligned(base, 4));
  const truth = new Int32Array(aligned(readFileSync(files.truth), 4));
  return {
    name: files.base.split('/').at(-1) ?? files.base,
    dimension,
    rows: split(flat, dimension),
    queries: split(new Float32Array(aligned(readFileSync(files.queries), 4)), dimension),
    truth: Array.from({ length: truth.length / files.truthK }, (_, q) =>
      Array.from(truth.subarray(q * files.truthK, (q + 1) * files.truthK)),
    ),
  };
}

/**
 * A seeded stand-in for embeddings where no real file is given: points around cluster centres, unit length.
 * Isotropic noise would be too easy a test: its neighbour order hardly matters.
 */
export function syntheticDataset(options: {
  readonly rows: number;
  readonly queries: number;
  readonly dimension: number;
  readonly seed: number;
}): Dataset {
  const random = gaussian(options.seed);
  const centres = Array.from({ length: Math.ceil(Math.sqrt(options.rows)) }, () => unit(options.dimension, random));
  const around = (): Float32Array => {
    const centre = centres[Math.floor(Math.abs(random()) * 1e6) % centres.length] ?? centres[0];
    const point = Float32Array.from(centre ?? [], (x) => x + (random() * 0.6) / Math.sqrt(options.dimension));
    return normalise(point);
  };
  const rows = Array.from({ length: options.rows }, around);
  const queries = Array.from({ length: options.queries }, around);
  return {
    name: `synthetic ${options.rows} × ${options.dimension}, seed ${options.seed}`,
    dimension: options.dimension,
    rows,
    queries,
    truth: queries.map((query) => exactTop(rows, query, { k: 10 })),
  };
}

/** Each query's true neighbours, best first. */
export type Truth = Dataset['truth'];

/**
 * The share of the first k true neighbours that were found, over the queries that were asked. `found` has one list of
 * rows for each of them, by the query's number. Where there are fewer than k, all of them are wanted.
 */
export function recall(truth: Truth, found: ReadonlyMap<number, readonly number[]>, k: number): number {
  let [hits, asked] = [0, 0];
  for (const [query, rows] of found) {
    const wanted = new Set(truth[query]?.slice(0, k));
    asked += wanted.size;
    for (const row of rows) hits += Number(wanted.has(row));
  }
  return asked === 0 ? NaN : hits / asked;
}

/** The k best of the rows that are accepted, best first. Plain loops, since this looks at every pair. */
export function exactTop(
  rows: readonly Float32Array[],
  query: Float32Array,
  { k, accepts = () => true }: { readonly k: number; readonly accepts?: (row: number) => boolean },
): number[] {
  const best: { row: number; score: number }[] = [];
  for (let row = 0; row < rows.length; row++) {
    if (!accepts(row)) continue;
    const vector = rows[row] ?? query;
    let score = 0;
    for (let i = 0; i < query.length; i++) score += (vector[i] ?? 0) * (query[i] ?? 0);
    if (best.length === k && score <= (best.at(-1)?.score ?? -Infinity)) continue;
    best.push({ row, score });
    best.sort((a, b) => b.score - a.score);
    if (best.length > k) best.length = k;
  }
  return best.map((hit) => hit.row);
}

function aligned(bytes: Buffer, size: number): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.byteLength - (bytes.byteLength % size));
  new Uint8Array(copy).set(bytes.subarray(0, copy.byteLength));
  return copy;
}

function split(flat: Float32Array, dimension: number): Float32Array[] {
  return Array.from({ length: flat.length / dimension }, (_, i) => flat.slice(i * dimension, (i + 1) * dimension));
}

function unit(dimension: number, random: () => number): Float32Array {
  return normalise(Float32Array.from({ length: dimension }, random));
}

function normalise(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((x) => x / length);
}

/** mulberry32 through Box–Muller. */
function gaussian(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4_294_967_296;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}
