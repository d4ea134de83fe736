import type { Dataset, Truth } from '../data/dataset.ts';
import { nudged, PACED_BATCH, writeAtRate } from '../measure/paced-writer.ts';
import { Series } from '../measure/series.ts';
import type { Measured } from '../measure/search-loop.ts';
import { K, numbered, WRITERS, type Rounds } from '../setting.ts';
import { inThread, workerFile } from '../subjects/worker-file.ts';
import { connectTo } from './connect.ts';
import type { PeerLoad } from './load.ts';
import type { PeerServer, Point } from './peer.ts';

/** Of the writes beside searches. */
const WRITES_PER_SECOND = 500;

/** One way of searching one server. */
export type Try = {
  readonly server: PeerServer;
  readonly ef: number;
  readonly connections: number;
  readonly queries: readonly Float32Array[];
  readonly truth: Truth;
  readonly field?: string;
  /** While existing points get new vectors. */
  readonly besideWrites?: boolean;
};

export type Tried<One extends Try> = One & { readonly series: Series };

/** All of them in each round, so that all meet the same weather. */
export async function inTurns<One extends Try>(
  tries: readonly One[],
  dataset: Dataset,
  rounds: Rounds,
): Promise<Tried<One>[]> {
  const tried = tries.map((one) => ({ ...one, series: new Series(one.truth) }));
  for (const round of numbered(rounds)) {
    for (const one of tried) {
      const searching = (): Promise<Measured> => search(one, rounds.milliseconds);
      const measured = await (one.besideWrites === true ? besideWrites(one.server, dataset, searching) : searching());
      if (round > 0) one.series.add(measured);
    }
  }
  return tried;
}

async function search({ server, queries, connections, ef, field }: Try, milliseconds: number): Promise<Measured> {
  await server.setEf?.(ef);
  const how = { k: K, ef, ...(field === undefined ? {} : { field }) };
  const load: PeerLoad = { target: server.target(), how, queries, connections, milliseconds };
  return inThread(workerFile('./load', import.meta.url), load);
}

async function besideWrites<T>(server: PeerServer, { rows }: Dataset, searching: () => Promise<T>): Promise<T> {
  const connections = await Promise.all(Array.from({ length: WRITERS }, () => connectTo(server.target())));
  const written = connections.map(() => Promise.resolve());
  const stop = new AbortController();
  // One batch after the other on a connection.
  const write = (batch: number): Promise<void> => {
    const writer = batch % WRITERS;
    const first = (batch * PACED_BATCH) % (rows.length - PACED_BATCH);
    const changed = rows.slice(first, first + PACED_BATCH).map((vector, i) => nudged(vector, batch + i));
    const writing = (written[writer] ?? Promise.resolve()).then(() =>
      connections[writer]?.write(pointsOf(changed, first)),
    );
    written[writer] = writing;
    return writing;
  };
  const writing = writeAtRate(WRITES_PER_SECOND, write, stop.signal);
  const measured = await searching().finally(() => stop.abort());
  await writing;
  await Promise.all(connections.map((connection) => connection.close()));
  return measured;
}

export function pointsOf(vectors: readonly Float32Array[], first: number): Point[] {
  return vectors.map((vector, i) => ({ row: first + i, vector }));
}
