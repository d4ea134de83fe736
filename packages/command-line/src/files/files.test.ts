import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { seededRandom, temporaryDirectory } from '@vectorizer/testing';
import { JsonLines } from './json-lines.ts';
import { openFloats, openIntegers, type Matrix } from './matrix.ts';
import { openPoints } from './open-points.ts';
import type { Row } from './point-source.ts';

const ROWS = [
  [1, 2, 3],
  [-0.5, 0.25, 1024],
] as const;
const numbers = ROWS.flat();
const bytesOf = (view: ArrayBufferView): Buffer => Buffer.from(view.buffer, view.byteOffset, view.byteLength);
const asRows = (rows: readonly ArrayLike<number>[]): number[][] => rows.map((row) => Array.from(row));

async function written(name: string, bytes: Uint8Array | string): Promise<{ path: string } & AsyncDisposable> {
  const directory = await temporaryDirectory();
  const path = join(directory.path, name);
  await writeFile(path, bytes);
  return { path, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() };
}

async function readAll<Numbers>(matrix: Matrix<Numbers>, from = 0): Promise<Numbers[]> {
  return Array.fromAsync(matrix.read(from));
}

type NpyParts = { type?: string; order?: string; shape?: string; version?: 1 | 2 | 3; data?: Buffer };

/** As numpy writes it: the text is padded so that the numbers are aligned. */
function npy({ type = '<f4', order = 'False', shape = '(2, 3)', version = 1, data }: NpyParts): Buffer {
  const lengthBytes = version === 1 ? 2 : 4;
  const text = `{'descr': '${type}', 'fortran_order': ${order}, 'shape': ${shape}, }`;
  const padded = `${text.padEnd(128 - 8 - lengthBytes - 1)}\n`;
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntLE(padded.length, 0, lengthBytes);
  const magic = Buffer.from([0x93, ...Buffer.from('NUMPY'), version, 0]);
  return Buffer.concat([magic, length, Buffer.from(padded), data ?? bytesOf(Float32Array.from(numbers))]);
}

function counted(rows: readonly (readonly number[])[], convert: (row: readonly number[]) => ArrayBufferView): Buffer {
  return Buffer.concat(rows.flatMap((row) => [bytesOf(Int32Array.of(row.length)), bytesOf(convert(row))]));
}

describe('a file of vectors', () => {
  it.each([
    ['a.f32', bytesOf(Float32Array.from(numbers))],
    ['a.F32', bytesOf(Float32Array.from(numbers))],
    ['a.f16', bytesOf(Float16Array.from(numbers))],
    ['a.fvecs', counted(ROWS, (row) => Float32Array.from(row))],
    ['a.npy', npy({})],
    ['a.npy', npy({ version: 2 })],
    ['a.npy', npy({ version: 3 })],
    ['a.npy', npy({ type: '<f2', data: bytesOf(Float16Array.from(numbers)) })],
    ['a.npy', npy({ type: '<f8', data: bytesOf(Float64Array.from(numbers)) })],
  ])('is read row by row: %s', async (name, bytes) => {
    await using file = await written(name, bytes);
    const matrix = await openFloats(file.path, 3);
    expect([matrix.rows, matrix.width]).toEqual([2, 3]);
    expect(asRows(await readAll(matrix))).toEqual(ROWS);
    expect(asRows(await readAll(matrix, 1))).toEqual([ROWS[1]]);
    expect(await readAll(matrix, 2)).toEqual([]);
  });

  it('is read whole when it is longer than what is read at once', async () => {
    const random = seededRandom(4);
    const values = Float32Array.from({ length: 300_000 * 3 }, () => Math.fround(random.uniform()));
    await using file = await written('a.f32', bytesOf(values));
    let row = 0;
    for await (const vector of (await openFloats(file.path, 3)).read(0)) {
      if (vector.some((value, place) => value !== values[row * 3 + place])) throw new Error(`row ${row} differs`);
      row += 1;
    }
    expect(row).toBe(300_000);
  });

  it.each([
    ['a.f32', bytesOf(Float32Array.from(numbers)).subarray(1), /23 bytes are not whole rows of 12 bytes/],
    ['a.fvecs', counted(ROWS, (row) => Float32Array.from(row)).subarray(0, 30), /not whole rows of 16 bytes/],
    ['a.fvecs', counted([ROWS[0], [1, 2]], (row) => Float32Array.of(...row, 0).subarray(0, 3)), /row 1 says it has 2/],
    ['a.fvecs', Buffer.from('{"vector": [1]}\n'), /expected a first row of 1 to 65536 numbers/],
    ['a.fvecs', Buffer.alloc(0), /expected a first row/],
    ['a.npy', npy({}).subarray(0, -1), /not whole rows/],
    ['a.npy', npy({}).subarray(0, -12), /promises 2 rows, the file has 1/],
    ['a.npy', npy({}).subarray(0, 40), /ends within its header/],
    ['a.npy', Buffer.from('PK\u0003\u0004 an archive'), /not a .npy file/],
    ['a.npy', npy({ type: '>f4' }), /type >f4; expected <f4, <f2, <f8/],
    ['a.npy', npy({ type: '<i4' }), /type <i4/],
    ['a.npy', npy({ order: 'True' }), /Fortran order/],
    ['a.npy', npy({ shape: '(6,)' }), /expected two dimensions/],
    ['a.npy', npy({ shape: '(1, 2, 3)' }), /expected two dimensions/],
    ['a.csv', Buffer.from('1,2,3'), /unknown format; expected .f32, .f16, .npy or .fvecs/],
  ])('is refused when it is not what it should be: %s, %#', async (name, bytes, message) => {
    await using file = await written(name, bytes);
    await expect(openFloats(file.path, 3).then((matrix) => readAll(matrix))).rejects.toThrow(message);
  });

  it('asks for the dimension where the format does not say it', async () => {
    await using file = await written('a.f16', Buffer.alloc(6));
    await expect(openFloats(file.path, undefined)).rejects.toThrow('give --dimension');
  });
});

describe('a file of true neighbours', () => {
  it.each([
    ['t.i32', bytesOf(Int32Array.of(1, 2, 3, 4, 5, 6))],
    [
      't.ivecs',
      counted(
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
        (row) => Int32Array.from(row),
      ),
    ],
    ['t.npy', npy({ type: '<i4', data: bytesOf(Int32Array.of(1, 2, 3, 4, 5, 6)) })],
    ['t.npy', npy({ type: '<i8', data: bytesOf(BigInt64Array.of(1n, 2n, 3n, 4n, 5n, 6n)) })],
  ])('is read row by row: %s', async (name, bytes) => {
    await using file = await written(name, bytes);
    expect(asRows(await readAll(await openIntegers(file.path, 3)))).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });
});

async function linesOf(name: string, bytes: Uint8Array | string): Promise<unknown[]> {
  await using file = await written(name, bytes);
  return await Array.fromAsync((await JsonLines.open(file.path)).read());
}

describe('JSON lines', () => {
  const text = '{"a":1}\r\n\n{"b":"\u2028"}\nnull\n{oops\n7';
  const values = [
    { value: { a: 1 } },
    { problem: 'the line is empty' },
    { value: { b: '\u2028' } },
    { value: null },
    { problem: expect.stringContaining('not JSON') },
    { value: 7 },
  ];

  it('are read one by one, and a bad one does not end the rest', async () => {
    expect(await linesOf('a.jsonl', text)).toEqual(values);
  });

  it('are read from gzip, also of several members', async () => {
    const [head, tail] = [text.slice(0, 12), text.slice(12)];
    expect(await linesOf('a.jsonl.gz', Buffer.concat([gzipSync(head), gzipSync(tail)]))).toEqual(values);
  });

  it('are read across chunks of the file', async () => {
    const many = Array.from({ length: 20_000 }, (_, row) => ({ row, text: 'ä'.repeat(row % 37) }));
    const lines = await linesOf('a.jsonl', many.map((each) => JSON.stringify(each)).join('\n'));
    expect(lines).toEqual(many.map((value) => ({ value })));
  });

  it('are reported when they are not UTF-8', async () => {
    expect(await linesOf('a.jsonl', Buffer.from([0x22, 0xff, 0x22, 0x0a, 0x31]))).toEqual([
      { problem: 'the line is not UTF-8' },
      { value: 1 },
    ]);
  });

  it('end with an error where gzip is cut off', async () => {
    const whole = gzipSync(JSON.stringify(Array.from({ length: 1_000 }, (_, row) => row)));
    await expect(linesOf('a.jsonl.gz', whole.subarray(0, -20))).rejects.toThrow(/damaged or cut off gzip/);
    await expect(linesOf('a.jsonl.gz', 'not gzip')).rejects.toThrow(/damaged or cut off gzip/);
  });

  it('end with an error where a line has no end', async () => {
    await expect(linesOf('a.jsonl', Buffer.alloc(9 * 1024 * 1024, 'x'))).rejects.toThrow(/longer than 8388608 bytes/);
  });
});

async function pointsOf(vectors: string | Uint8Array, options: { name: string; payloads?: string }): Promise<Row[]> {
  await using file = await written(options.name, vectors);
  await using payloads = await written('p.jsonl', options.payloads ?? '');
  const source = await openPoints({
    vectors: file.path,
    dimension: 3,
    payloads: options.payloads === undefined ? undefined : payloads.path,
    warn: (message) => {
      throw new Error(message);
    },
  });
  return await Array.fromAsync(source.read(0));
}

describe('points of a file', () => {
  const vectors = bytesOf(Float32Array.from(numbers));

  it('have their row numbers as ids, and the payload of the same row', async () => {
    const rows = await pointsOf(vectors, { name: 'a.f32', payloads: '{"a":1}\nnull\n' });
    expect(rows).toMatchObject([
      { row: 0, point: { id: '0', payload: { a: 1 } } },
      { row: 1, point: { id: '1' } },
    ]);
  });

  it('are refused one by one where the payload is none', async () => {
    const rows = await pointsOf(vectors, { name: 'a.f32', payloads: '[1]\n{oops' });
    expect(rows).toEqual([
      { row: 0, refused: 'payload: expected an object' },
      { row: 1, refused: expect.stringContaining('payload: not JSON') },
    ]);
  });

  it('end with an error where the payloads end early, and a warning where they go on', async () => {
    await expect(pointsOf(vectors, { name: 'a.f32', payloads: '{}\n' })).rejects.toThrow(/ends after 1 rows/);
    await expect(pointsOf(vectors, { name: 'a.f32', payloads: '{}\n{}\n{}' })).rejects.toThrow(/has more rows than/);
  });

  it('are whole in JSON lines, with ids of their own or row numbers', async () => {
    const lines = [
      '{"id":"x","vector":[1,2,3],"payload":{"a":1}}',
      '{"vector":[1,2,3]}',
      '{"id":7,"vector":[1e39]}',
      '{"id":"","vector":[1]}',
      '{"id":1.5,"vector":[1]}',
      '{"vector":[1,"2"]}',
      '{"vector":[]}',
      '{"vector":[1],"payload":[]}',
      '{"vector":[1],"colour":1}',
      '3',
    ];
    const rows = await pointsOf(lines.join('\n'), { name: 'a.jsonl' });
    expect(rows).toMatchObject([
      { row: 0, point: { id: 'x', vector: Float32Array.of(1, 2, 3), payload: { a: 1 } } },
      { row: 1, point: { id: '1' } },
      { row: 2, point: { id: '7', vector: Float32Array.of(Infinity) } },
      { row: 3, refused: 'id: must not be empty' },
      { row: 4, refused: 'id: expected a string or an integer' },
      { row: 5, refused: 'vector: expected a list of numbers' },
      { row: 6, refused: 'vector: expected a list of numbers' },
      { row: 7, refused: 'payload: expected an object' },
      { row: 8, refused: 'unknown field "colour"' },
      { row: 9, refused: 'expected an object' },
    ]);
  });
});
