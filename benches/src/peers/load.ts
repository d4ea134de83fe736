import { parentPort, workerData } from 'node:worker_threads';
import { connectTo } from './connect.ts';
import type { Measured } from '../measure/search-loop.ts';
import type { How, Target } from './peer.ts';

/** The searches of one client, in a thread of its own, so that all servers meet the same. */
export type PeerLoad = {
  readonly target: Target;
  readonly how: How;
  readonly queries: readonly Float32Array[];
  readonly connections: number;
  readonly milliseconds: number;
};

/** Asks the queries over and over on so many connections at once. */
async function run({ target, how, queries, connections, milliseconds }: PeerLoad): Promise<Measured> {
  const opened = await Promise.all(Array.from({ length: connections }, () => connectTo(target)));
  await Promise.all(opened.map((connection) => connection.searchWith(how)));
  const prepared = opened.map((connection) => queries.map((query) => connection.prepare(query)));
  const latenciesMs: number[] = [];
  const answers = new Map<number, unknown>();
  const start = performance.now();
  let next = 0;
  await Promise.all(
    opened.map(async (connection, i) => {
      while (performance.now() - start < milliseconds) {
        const query = next++ % queries.length;
        const sent = performance.now();
        const answer = await connection.search(prepared[i]?.[query]);
        latenciesMs.push(performance.now() - sent);
        answers.set(query, answer);
      }
    }),
  );
  const seconds = (performance.now() - start) / 1_000;
  const found = new Map([...answers].map(([query, answer]) => [query, opened[0]?.rowsOf(answer) ?? []]));
  await Promise.all(opened.map((connection) => connection.close()));
  return { perSecond: latenciesMs.length / seconds, latenciesMs, found };
}

if (parentPort) parentPort.postMessage(await run(workerData));
