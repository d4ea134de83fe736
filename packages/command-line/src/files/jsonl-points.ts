import { basename } from 'node:path';
import { PointId } from '@vectorizer/contracts';
import { badFile } from './bad-file.ts';
import { JsonLines, type Line } from './json-lines.ts';
import { isPayload, weightOf, type PointSource, type Row } from './point-source.ts';

/** Points as JSON lines: `{ id?, vector, payload? }`, the id being the row's number where there is none. */
export async function openJsonlPoints(path: string): Promise<PointSource> {
  const lines = await JsonLines.open(path);
  return {
    identity: [basename(path), lines.bytes],
    dimension: await firstDimension(path),
    rows: undefined,
    share: () => lines.share,
    numbered: false,
    seekable: false,
    read: () => readPoints(lines),
  };
}

/** Of the first row that is a point; each other row is held against the collection by the server. */
async function firstDimension(path: string): Promise<number> {
  const lines = await JsonLines.open(path);
  for await (const row of readPoints(lines)) if ('point' in row) return row.point.vector.length;
  throw badFile(path, 'no row of it is a point: { "id"?, "vector": [numbers], "payload"? }');
}

/** Each line as a point, or why it is none. */
export async function* readPoints(lines: JsonLines): AsyncGenerator<Row> {
  let row = 0;
  for await (const line of lines.read()) yield toRow(line, row++);
}

function toRow(line: Line, row: number): Row {
  if ('problem' in line) return { row, refused: line.problem };
  const { value } = line;
  if (typeof value !== 'object' || value === null) return { row, refused: 'expected an object' };
  const { id = String(row), vector, payload = null, ...more } = value as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(more)[0];
  if (unknown !== undefined) return { row, refused: `unknown field ${JSON.stringify(unknown)}` };
  // Numbers are common as ids in such files, and their text is exact while they are safe integers.
  const text = Number.isSafeInteger(id) ? String(id) : id;
  if (typeof text !== 'string') return { row, refused: 'id: expected a string or an integer' };
  // Checked here since the server would refuse to look for such an id, and with it for the whole batch.
  const idProblem = PointId.safeParse(text).error?.issues[0]?.message;
  if (idProblem !== undefined) return { row, refused: `id: ${idProblem}` };
  if (!isNumbers(vector)) return { row, refused: 'vector: expected a list of numbers' };
  if (!isPayload(payload)) return { row, refused: 'payload: expected an object' };
  const numbers = Float32Array.from(vector);
  const payloadCharacters = payload === null ? 0 : JSON.stringify(payload).length;
  const point = { id: text, vector: numbers, ...(payload === null ? {} : { payload }) };
  return { row, point, weight: weightOf({ idCharacters: text.length, vector: numbers, payloadCharacters }) };
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'number');
}
