import { open, stat, type FileHandle } from 'node:fs/promises';
import { extname } from 'node:path';
import assert from 'node:assert/strict';
import { limits } from '@vectorizer/contracts';
import type { Failure } from '@vectorizer/errors';
import { badFile } from './bad-file.ts';
import { readNpyHeader } from './npy.ts';

/** What is read at once: enough for a disk to run at full speed, and all the memory that a file of any size takes. */
const CHUNK_BYTES = 1024 * 1024;

/** A file of equally long rows of numbers. Rows are read one after the other, from any of them on. */
export type Matrix<Row> = {
  readonly path: string;
  readonly bytes: number;
  readonly rows: number;
  readonly width: number;
  readonly read: (from: number) => AsyncGenerator<Row>;
};

/** Where the rows of a file lie, and how one becomes numbers. */
type Layout<Row> = {
  readonly offset: number;
  readonly width: number;
  readonly rowBytes: number;
  readonly decode: (bytes: Uint8Array, row: number) => Row;
};
/** How numbers lie in a file: their size, and a row of them as what the caller works with. `bytes` may be kept. */
type Numbers<Row> = { readonly size: number; readonly convert: (bytes: ArrayBuffer) => Row };

// The platform is little-endian, as every one that Node runs on in practice.
const float32: Numbers<Float32Array> = { size: 4, convert: (bytes) => new Float32Array(bytes) };
const float16: Numbers<Float32Array> = { size: 2, convert: (bytes) => new Float32Array(new Float16Array(bytes)) };
const float64: Numbers<Float32Array> = { size: 8, convert: (bytes) => new Float32Array(new Float64Array(bytes)) };
const int32: Numbers<Int32Array> = { size: 4, convert: (bytes) => new Int32Array(bytes) };
const int64: Numbers<Int32Array> = {
  size: 8,
  convert: (bytes) => Int32Array.from(new BigInt64Array(bytes), (value) => Number(value)),
};

/** The file formats of vectors; `.f32` and `.f16` say nothing of their width, so it must be given. */
export async function openFloats(path: string, width: number | undefined): Promise<Matrix<Float32Array>> {
  switch (extname(path).toLowerCase()) {
    case '.f32':
      return matrix(path, raw(float32, needWidth(path, width, '--dimension')));
    case '.f16':
      return matrix(path, raw(float16, needWidth(path, width, '--dimension')));
    case '.fvecs':
      return matrix(path, await counted(path, float32));
    case '.npy':
      return openNpy(path, { '<f4': float32, '<f2': float16, '<f8': float64 });
    default:
      throw unknownFormat(path, '.f32, .f16, .npy or .fvecs');
  }
}

/** The file formats of true neighbours: row numbers, nearest first. */
export async function openIntegers(path: string, width: number | undefined): Promise<Matrix<Int32Array>> {
  switch (extname(path).toLowerCase()) {
    case '.i32':
      return matrix(path, raw(int32, needWidth(path, width, '--truth-k')));
    case '.ivecs':
      return matrix(path, await counted(path, int32));
    case '.npy':
      return openNpy(path, { '<i4': int32, '<i8': int64 });
    default:
      throw unknownFormat(path, '.i32, .npy or .ivecs');
  }
}

function unknownFormat(path: string, known: string): Failure {
  return badFile(path, `unknown format; expected ${known}`);
}

function needWidth(path: string, width: number | undefined, flag: string): number {
  if (width === undefined) throw badFile(path, `the file does not say how long its rows are; give ${flag}`);
  return width;
}

function raw<Row>(numbers: Numbers<Row>, width: number): Layout<Row> {
  const rowBytes = numbers.size * width;
  return { offset: 0, width, rowBytes, decode: (bytes) => numbers.convert(copy(bytes)) };
}

/** `.fvecs` and `.ivecs`: each row begins with its own length. */
async function counted<Row>(path: string, numbers: Numbers<Row>): Promise<Layout<Row>> {
  const first = await readHead(path, 4);
  const width = first.length < 4 ? 0 : first.readInt32LE();
  if (width < 1 || width > limits.dimensionMax) {
    throw badFile(
      path,
      `expected a first row of 1 to ${limits.dimensionMax} numbers, found ${width}; is it ${extname(path)}?`,
    );
  }
  const decode = (bytes: Uint8Array, row: number): Row => {
    const found = new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true);
    if (found !== width) throw badFile(path, `row ${row} says it has ${found} numbers, where the first has ${width}`);
    return numbers.convert(copy(bytes.subarray(4)));
  };
  return { offset: 0, width, rowBytes: 4 + numbers.size * width, decode };
}

async function openNpy<Row>(path: string, known: Readonly<Record<string, Numbers<Row>>>): Promise<Matrix<Row>> {
  const header = await readNpyHeader(path, (bytes) => readHead(path, bytes));
  const numbers = Object.hasOwn(known, header.type) ? known[header.type] : undefined;
  if (numbers === undefined) {
    throw badFile(path, `numbers of type ${header.type}; expected ${Object.keys(known).join(', ')} (little-endian)`);
  }
  const found = await matrix(path, { ...raw(numbers, header.width), offset: header.offset });
  if (found.rows !== header.rows) {
    throw badFile(path, `the header promises ${header.rows} rows, the file has ${found.rows}; is it whole?`);
  }
  return found;
}

async function matrix<Row>(path: string, layout: Layout<Row>): Promise<Matrix<Row>> {
  const { offset, width, rowBytes } = layout;
  const { size } = await stat(path);
  const rows = (size - offset) / rowBytes;
  if (!Number.isInteger(rows)) {
    const unit = `rows of ${rowBytes} bytes (${width} numbers each)`;
    throw badFile(path, `its ${size - offset} bytes are not whole ${unit}; is it whole, and the length right?`);
  }
  return { path, bytes: size, rows, width, read: (from) => readRows(path, layout, { from, rows }) };
}

type Range = { readonly from: number; readonly rows: number };

async function* readRows<Row>(path: string, layout: Layout<Row>, { from, rows }: Range): AsyncGenerator<Row> {
  assert(from >= 0 && from <= rows, 'rows are read from within the file');
  const { offset, rowBytes, decode } = layout;
  await using file = await open(path);
  const chunk = Buffer.alloc(Math.max(1, Math.floor(CHUNK_BYTES / rowBytes)) * rowBytes);
  for (let first = from; first < rows;) {
    const wanted = Math.min(chunk.length, (rows - first) * rowBytes);
    const bytes = await readFully(file, chunk.subarray(0, wanted), offset + first * rowBytes);
    if (bytes < wanted)
      throw badFile(path, `it ended while it was read, in row ${first + Math.floor(bytes / rowBytes)}`);
    for (let at = 0; at < wanted; at += rowBytes, first++) yield decode(chunk.subarray(at, at + rowBytes), first);
  }
}

/** One read may answer less than it was asked for; only 0 is the end. */
async function readFully(file: FileHandle, into: Buffer, position: number): Promise<number> {
  let filled = 0;
  while (filled < into.length) {
    const { bytesRead } = await file.read(into, filled, into.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

/** The first bytes of a file, or all when it has fewer. */
async function readHead(path: string, bytes: number): Promise<Buffer> {
  await using file = await open(path);
  const head = Buffer.alloc(bytes);
  return head.subarray(0, await readFully(file, head, 0));
}

/** The chunk is read into again; a copy is also aligned, as number arrays need. */
function copy(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
