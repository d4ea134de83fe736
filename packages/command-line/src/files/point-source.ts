import type { Payload, PointInput } from '@vectorizer/client';
import { operationWeight } from '@vectorizer/contracts';
import type { Matrix } from './matrix.ts';

/** A point of a file, or why the row is none. */
export type Row = { readonly row: number } & (
  | {
      readonly point: PointInput & { readonly vector: Float32Array };
      /** About what the point takes in the log, by the measure that the gateway cuts requests by. */
      readonly weight: number;
    }
  | { readonly refused: string }
);

/** Points in the order of a file. */
export type PointSource = {
  /** Names the file among others, so that a batch of it is recognised when it is sent again. */
  readonly identity: readonly (string | number)[];
  readonly dimension: number;
  /** Unknown until its end for a file whose rows differ in length. */
  readonly rows: number | undefined;
  /** How much has been read, 0 to 1, where `rows` is unknown. */
  readonly share?: () => number;
  /** Ids are row numbers. */
  readonly numbered: boolean;
  /** Can be read from any row on, and not from the first only. */
  readonly seekable: boolean;
  readonly read: (from: number) => AsyncGenerator<Row>;
};

/** Row numbers weigh alike, whatever their digits, so that batches of equal rows hold equally many. */
const ROW_ID_CHARACTERS = 16;
type Weighed = {
  readonly idCharacters?: number;
  readonly vector: Float32Array;
  readonly payloadCharacters: number;
};

/** As the gateway weighs the row's operation. */
export function weightOf({ idCharacters = ROW_ID_CHARACTERS, ...weighed }: Weighed): number {
  return operationWeight({ idCharacters, ...weighed });
}

/** The rows of a matrix, under their numbers, without payloads. */
export function pointsOf(matrix: Matrix<Float32Array>, identity: PointSource['identity']): PointSource {
  return {
    identity,
    dimension: matrix.width,
    rows: matrix.rows,
    numbered: true,
    seekable: true,
    async *read(from) {
      let row = from;
      for await (const vector of matrix.read(from)) {
        yield { row, point: { id: String(row), vector }, weight: weightOf({ vector, payloadCharacters: 0 }) };
        row += 1;
      }
    },
  };
}

/** Whether a parsed value can be sent as a payload; what is inside is the server's to judge. */
export function isPayload(value: unknown): value is Payload | null {
  return typeof value === 'object' && !Array.isArray(value);
}
