import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { badFile } from './bad-file.ts';

/** The longest line that could be a point: a vector of 65,536 numbers written in full, and a payload. */
const LINE_BYTES_MAX = 8 * 1024 * 1024;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

type Decoder = InstanceType<typeof TextDecoder>;
export type Line = { readonly value: unknown } | { readonly problem: string };

/** Whether the name says that this is one JSON value per line, perhaps compressed. */
export function isJsonLines(path: string): boolean {
  return /\.jsonl(\.gz)?$/i.test(path);
}

/**
 * One JSON value per line, streamed. Node's readline is not used since it also ends lines at U+2028, which JSON may
 * hold inside a string, and since a file without line ends would fill the memory.
 */
export class JsonLines {
  readonly path: string;
  readonly bytes: number;
  readonly #open: () => Readable & { readonly bytesRead?: number };
  #file: { readonly bytesRead?: number } | undefined;

  private constructor(path: string, bytes: number, open: () => Readable) {
    this.path = path;
    this.bytes = bytes;
    this.#open = open;
  }

  static async open(path: string): Promise<JsonLines> {
    if (!isJsonLines(path)) throw badFile(path, 'unknown format; expected .jsonl or .jsonl.gz');
    return new JsonLines(path, (await stat(path)).size, () => createReadStream(path));
  }

  /** Of what comes, not compressed; it can be read once. `name` stands for it in messages. */
  static of(stream: Readable, name: string): JsonLines {
    return new JsonLines(name, 0, () => stream);
  }

  /** How much of the file has been read, 0 to 1. */
  get share(): number {
    return this.bytes === 0 ? 1 : (this.#file?.bytesRead ?? 0) / this.bytes;
  }

  /** A line that is not JSON is answered as a problem; the ones after it go on. */
  async *read(): AsyncGenerator<Line> {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    try {
      for await (const line of this.#lines()) yield parseLine(line, decoder);
    } catch (error) {
      if (isZlibError(error)) throw badFile(this.path, `damaged or cut off gzip (${error.message})`);
      throw error;
    }
  }

  async *#lines(): AsyncGenerator<Buffer> {
    let pending: Buffer[] = [];
    let [bytes, number] = [0, 0];
    for await (const chunk of this.#chunks()) {
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
        yield Buffer.concat([...pending, chunk.subarray(start, end)]);
        [pending, bytes, start] = [[], 0, end + 1];
        number += 1;
      }
      pending.push(chunk.subarray(start));
      bytes += chunk.length - start;
      if (bytes > LINE_BYTES_MAX) throw badFile(this.path, `row ${number} is longer than ${LINE_BYTES_MAX} bytes`);
    }
    if (bytes > 0) yield Buffer.concat(pending);
  }

  #chunks(): AsyncIterable<Buffer> {
    const file = this.#open();
    this.#file = file;
    if (!this.path.toLowerCase().endsWith('.gz')) return file;
    // A failure of either destroys the other, and iterating the last one throws it.
    return pipeline(file, createGunzip(), () => undefined);
  }
}

function parseLine(line: Buffer, decoder: Decoder): Line {
  const bytes = line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
  if (bytes.length === 0) return { problem: 'the line is empty' };
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return { problem: 'the line is not UTF-8' };
  }
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    return { problem: `not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function isZlibError(error: unknown): error is Error {
  return typeof error === 'object' && error !== null && 'code' in error && String(error.code).startsWith('Z_');
}
