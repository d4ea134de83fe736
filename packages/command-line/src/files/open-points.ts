import { basename } from 'node:path';
import assert from 'node:assert/strict';
import { Failure } from '@vectorizer/errors';
import { badFile } from './bad-file.ts';
import { isJsonLines, JsonLines, type Line } from './json-lines.ts';
import { openJsonlPoints } from './jsonl-points.ts';
import { openFloats } from './matrix.ts';
import { isPayload, pointsOf, weightOf, type PointSource, type Row } from './point-source.ts';

export type PointFiles = {
  readonly vectors: string;
  /** Needed by formats that do not say it. */
  readonly dimension: number | undefined;
  /** JSON lines, one payload for each row of the vectors. */
  readonly payloads: string | undefined;
  readonly warn: (message: string) => void;
};

/** Opens a file of vectors, and one of payloads beside it, as points. */
export async function openPoints(files: PointFiles): Promise<PointSource> {
  if (isJsonLines(files.vectors)) {
    if (files.payloads !== undefined) {
      throw new Failure('validation_error', `--payload: the rows of ${files.vectors} carry their own payloads`);
    }
    return openJsonlPoints(files.vectors);
  }
  const matrix = await openFloats(files.vectors, files.dimension);
  const source = pointsOf(matrix, [basename(matrix.path), matrix.bytes]);
  return files.payloads === undefined ? source : withPayloads(source, await JsonLines.open(files.payloads), files);
}

/** Payloads cannot be read from the middle, since their lines differ in length, so the points cannot either. */
function withPayloads(source: PointSource, payloads: JsonLines, files: PointFiles): PointSource {
  return {
    ...source,
    identity: [...source.identity, basename(payloads.path), payloads.bytes],
    seekable: false,
    async *read(from) {
      assert(from === 0, 'payloads are read from the first on');
      const lines = payloads.read();
      try {
        for await (const row of source.read(0)) {
          const line = await lines.next();
          if (line.done === true) throw tooShort(payloads.path, { row: row.row, vectors: files.vectors });
          yield withPayload(row, line.value);
        }
        const more = await lines.next();
        if (more.done !== true) {
          files.warn(`${payloads.path} has more rows than ${files.vectors} (${source.rows}); are they of one set?`);
        }
      } finally {
        await lines.return(undefined);
      }
    },
  };
}

function tooShort(path: string, { row, vectors }: { readonly row: number; readonly vectors: string }): Failure {
  return badFile(path, `it ends after ${row} rows, where ${vectors} goes on; are they of one set?`);
}

function withPayload(row: Row, line: Line): Row {
  if (!('point' in row)) return row;
  if ('problem' in line) return { row: row.row, refused: `payload: ${line.problem}` };
  const { value } = line;
  if (!isPayload(value)) return { row: row.row, refused: 'payload: expected an object' };
  if (value === null) return row;
  const { vector } = row.point;
  const weight = weightOf({ vector, payloadCharacters: JSON.stringify(value).length });
  return { row: row.row, point: { ...row.point, payload: value }, weight };
}
