import type { RowMetric } from './row-buffer.ts';
import type { SketchQuery } from './code-sketch.ts';
import { CODED_HEADER_BYTES, codedQuery, codedStride, type CodedQuery } from './row-look.ts';

export type CodeType = 'int8' | 'binary';

/** How rows of codes lie in memory; see assembly/bounds.ts for int8, and assembly/codes.ts for bits. */
export type CodeShape = {
  readonly type: CodeType;
  readonly dimension: number;
  readonly metric: RowMetric;
  readonly headerBytes: number;
  readonly codeBytes: number;
  readonly rowBytes: number;
  /** Components that the codes have room for: the dimension and what fills the last 8 or 16 bytes. */
  readonly components: number;
  /** Rows that are scanned in one go: a tenth of a millisecond at most. */
  readonly blockRows: number;
};

const BLOCK_BYTES = 1024 * 1024;
/** Multiples of a group of sketched rows. */
const BLOCK_ROWS = { min: 32, max: 4_096 } as const;

export function codeShape(options: Pick<CodeShape, 'type' | 'dimension' | 'metric'>): CodeShape {
  const { type, dimension, metric } = options;
  const bits = type === 'binary';
  const headerBytes = bits ? (metric === 'dot' ? 4 : 8) : CODED_HEADER_BYTES;
  const codeBytes = bits ? Math.ceil(dimension / 64) * 8 : codedStride(dimension);
  const rowBytes = headerBytes + codeBytes;
  return {
    type,
    dimension,
    metric,
    headerBytes,
    codeBytes,
    rowBytes,
    components: bits ? codeBytes * 8 : codeBytes,
    blockRows: Math.min(BLOCK_ROWS.max, Math.ceil(BLOCK_BYTES / rowBytes / BLOCK_ROWS.min) * BLOCK_ROWS.min),
  };
}

/** A query in the form that the kernels compare with codes. */
export type CodeQuery = {
  /** The query's own squared length, by which a squared distance exceeds what is ranked. */
  readonly squaredLength: number;
} & (
  | { readonly type: 'int8'; readonly coded: CodedQuery; sketched?: SketchQuery }
  | { readonly type: 'binary'; readonly bits: BitQuery }
);

export type BitQuery = {
  readonly codes: Uint8Array;
  /** Turns what a kernel sums up into a score. */
  readonly factor: number;
};

export function codeQuery(shape: CodeShape, vector: Float32Array): CodeQuery {
  const squaredLength = squaredLengthOf(vector);
  if (shape.type === 'int8') return { type: 'int8', coded: codedQuery(vector), squaredLength };
  return { type: 'binary', bits: bitQuery(shape, vector), squaredLength };
}

/** A query's codes have 6 bits beside a row's one, which halves the candidates that are needed, at 8 µs for a thousand rows. */
function bitQuery({ components, dimension }: CodeShape, vector: Float32Array): BitQuery {
  const steps = 2 ** (PLANES - 1) - 1;
  let most = 0;
  for (let i = 0; i < vector.length; i++) most = Math.max(most, Math.abs(vector[i] ?? 0));
  const words = new Int16Array(components);
  const unit = most === 0 ? 1 : most;
  for (let i = 0; i < vector.length; i++) words[i] = Math.round(((vector[i] ?? 0) / unit) * steps);
  // A sign stands for its mean share of the length, where components are distributed normally.
  return { codes: planesOf(words), factor: (most / steps) * Math.sqrt(Math.PI / 2 / dimension) };
}

/** In double precision, where the square of no float overflows. */
export function squaredLengthOf(vector: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += (vector[i] ?? 0) ** 2;
  return sum;
}

/** The sum, and the bits by their significance; see assembly/codes.ts. */
function planesOf(words: Int16Array): Uint8Array {
  const bytes = new Uint8Array(8 + (words.length / 8) * PLANES);
  let sum = 0;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? 0;
    sum += word;
    const first = 8 + (i >> 6) * PLANES * 8 + ((i & 63) >> 3);
    for (let plane = 0; plane < PLANES; plane++) {
      const at = first + plane * 8;
      bytes[at] = (bytes[at] ?? 0) | (((word >> plane) & 1) << (i & 7));
    }
  }
  new DataView(bytes.buffer).setBigInt64(0, BigInt(sum), true);
  return bytes;
}

/** Bytes that a query's bits take. */
export function bitQueryBytes({ components }: CodeShape): number {
  return 8 + (components / 8) * PLANES;
}

/** As in assembly/codes.ts. */
const PLANES = 6;
