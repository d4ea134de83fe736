import type { Failure } from '@vectorizer/errors';
import { badFile } from './bad-file.ts';

/** A header is a line of text; numpy's own are below 128 bytes unless a shape has many dimensions. */
const HEADER_BYTES_MAX = 65_536;
const MAGIC = Buffer.from('\x93NUMPY', 'latin1');

export type NpyHeader = {
  /** As numpy writes it: byte order, kind, size. */
  readonly type: string;
  readonly rows: number;
  readonly width: number;
  /** Where the numbers begin. */
  readonly offset: number;
};

/** Reads the header of a `.npy` file, versions 1 to 3, of a two-dimensional array in C order. */
export async function readNpyHeader(path: string, head: (bytes: number) => Promise<Buffer>): Promise<NpyHeader> {
  const bad = (problem: string): Failure => badFile(path, problem);
  const start = await head(12);
  if (start.length < 12 || !start.subarray(0, 6).equals(MAGIC)) throw bad('not a .npy file');
  const version = start.readUInt8(6);
  if (version < 1 || version > 3) throw bad(`version ${version} of the .npy format; expected 1, 2 or 3`);
  const textAt = version === 1 ? 10 : 12;
  const length = version === 1 ? start.readUInt16LE(8) : start.readUInt32LE(8);
  if (length > HEADER_BYTES_MAX) throw bad(`a header of ${length} bytes; expected at most ${HEADER_BYTES_MAX}`);
  const offset = textAt + length;
  const bytes = await head(offset);
  if (bytes.length < offset) throw bad('it ends within its header');
  const text = bytes.toString('utf8', textAt);
  const type = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape':\s*\(([^)]*)\)/.exec(text)?.[1];
  if (type === undefined || order === undefined || shape === undefined) throw bad('its header cannot be read');
  if (order === 'True') throw bad('the array is in Fortran order; save it in C order (numpy.ascontiguousarray)');
  const [rows, width, ...more] = shape.split(',').flatMap((size) => (size.trim() === '' ? [] : [Number(size)]));
  if (rows === undefined || width === undefined || more.length > 0)
    throw bad(`shape (${shape}); expected two dimensions`);
  if (!Number.isSafeInteger(rows) || !Number.isSafeInteger(width) || rows < 0 || width < 1) {
    throw bad(`shape (${shape}); expected rows and at least one column`);
  }
  return { type, rows, width, offset };
}
