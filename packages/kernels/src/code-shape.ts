import type { RowMetric } from './row-buffer.ts';

export type CodeType = 'int8' | 'binary';

/** How rows of codes lie in memory; see assembly/codes.ts. */
export type CodeShape = {
  readonly type: CodeType;
  readonly dimension: number;
  readonly metric: RowMetric;
  /** The scale, and the squared length where distances are wanted. */
  readonly headerBytes: number;
  readonly codeBytes: number;
  readonly rowBytes: number;
  /** Components that the codes have room for: the dimension and what fills the last 8 bytes. */
  readonly components: number;
  /** Rows that are scanned in one go: a tenth of a millisecond. */
  readonly blockRows: number;
};

const BLOCK_BYTES = 1024 * 1024;
const BLOCK_ROWS = { min: 16, max: 4_096 } as const;

export function codeShape(options: Pick<CodeShape, 'type' | 'dimension' | 'metric'>): CodeShape {
  const { type, dimension, metric } = options;
  const headerBytes = metric === 'dot' ? 4 : 8;
  const codeBytes = upTo8(type === 'int8' ? dimension : dimension / 8);
  const rowBytes = headerBytes + codeBytes;
  return {
    type,
    dimension,
    metric,
    headerBytes,
    codeBytes,
    rowBytes,
    components: type === 'int8' ? codeBytes : codeBytes * 8,
    blockRows: Math.min(BLOCK_ROWS.max, Math.max(BLOCK_ROWS.min, Math.floor(BLOCK_BYTES / rowBytes))),
  };
}

/** A query in the form that the kernels compare with codes. */
export type CodeQuery = {
  readonly codes: Uint8Array;
  /** Turns what a kernel sums up into a score. */
  readonly factor: number;
  /** The query's own squared length, by which a squared distance exceeds what is ranked. */
  readonly squaredLength: number;
};

/**
 * A query's codes are finer than a row's: int16 beside int8, and 6 bits beside 1, which halves the candidates that
 * bits need, at 8 µs for a thousand rows. Finer than this int16 must not be: a kernel's lane of 32 bits holds the sum of a
 * quarter of the products.
 */
export function codeQuery(shape: CodeShape, vector: Float32Array): CodeQuery {
  const { type, components, dimension } = shape;
  const laneSteps = Math.floor((2 ** 31 - 1) / (127 * Math.ceil(components / 4)));
  const steps = type === 'int8' ? Math.min(32_767, laneSteps) : 2 ** (PLANES - 1) - 1;
  let most = 0;
  for (let i = 0; i < vector.length; i++) most = Math.max(most, Math.abs(vector[i] ?? 0));
  const words = new Int16Array(components);
  const unit = most === 0 ? 1 : most;
  for (let i = 0; i < vector.length; i++) words[i] = Math.round(((vector[i] ?? 0) / unit) * steps);
  const squaredLength = squaredLengthOf(vector);
  if (type === 'int8') return { codes: new Uint8Array(words.buffer), factor: most / steps / 127, squaredLength };
  // A sign stands for its mean share of the length, where components are distributed normally.
  return { codes: planesOf(words), factor: (most / steps) * Math.sqrt(Math.PI / 2 / dimension), squaredLength };
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

/** Bytes that a query's codes take. */
export function queryBytes({ type, components }: CodeShape): number {
  return type === 'int8' ? components * 2 : 8 + (components / 8) * PLANES;
}

/** As in assembly/codes.ts. */
const PLANES = 6;

function upTo8(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
