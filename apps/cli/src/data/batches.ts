import { REQUEST_WEIGHT_MAX } from '@vectorizer/contracts';
import type { PointSource, Row } from '@vectorizer/command-line';

export type PointRow = Extract<Row, { readonly weight: number }>;
export type RefusedRow = Extract<Row, { readonly refused: string }>;

/** The rows from `first` up to, but without, `end`. */
export type Batch = {
  readonly first: number;
  readonly end: number;
  readonly points: readonly PointRow[];
  readonly refused: readonly RefusedRow[];
};

/**
 * Cuts rows into batches of `size`, or fewer where they are heavy, so that each is one entry of each shard: it is there as a
 * whole or not at all. Where a batch ends depends on its rows alone, so a
 * load that begins at the first row of a batch cuts the rest as one that began at the start of the file.
 */
export async function* cutBatches(rows: AsyncIterable<Row>, size: number): AsyncGenerator<Batch> {
  let batch: Row[] = [];
  let weight = 0;
  for await (const row of rows) {
    const more = 'weight' in row ? row.weight : 0;
    if (batch.length >= size || (batch.length > 0 && weight + more > REQUEST_WEIGHT_MAX)) {
      yield toBatch(batch);
      [batch, weight] = [[], 0];
    }
    batch.push(row);
    weight += more;
  }
  if (batch.length > 0) yield toBatch(batch);
}

/** The first row of the batch that a row falls into, in a source whose rows weigh alike. */
export async function firstOfBatch(source: PointSource, { row, size }: { row: number; size: number }): Promise<number> {
  for await (const { end } of cutBatches(source.read(0), size)) return Math.floor(row / end) * end;
  return 0;
}

/** At most so many rows; what comes after is not read. */
export async function* takeRows(rows: AsyncIterable<Row>, limit: number): AsyncGenerator<Row> {
  if (limit === 0) return;
  let taken = 0;
  for await (const row of rows) {
    yield row;
    taken += 1;
    if (taken >= limit) return;
  }
}

function toBatch(rows: readonly Row[]): Batch {
  const points = rows.filter((row) => 'point' in row);
  const refused = rows.filter((row) => 'refused' in row);
  const first = rows[0]?.row ?? 0;
  return { first, end: first + rows.length, points, refused };
}
