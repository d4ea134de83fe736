import { inspect } from 'node:util';
import { exactTop, type Dataset } from '../data/dataset.ts';
import { SELECTIVITIES } from '../data/payload.ts';
import { nudged } from '../measure/paced-writer.ts';
import { figure, once, type Result } from '../outcome/result.ts';
import { spread } from '../outcome/statistics.ts';
import { BATCH, K, numbered, WRITERS, type Rounds } from '../setting.ts';
import { connectTo } from './connect.ts';
import type { PeerServer } from './peer.ts';
import { inTurns, pointsOf } from './searching.ts';
import { diskMb, memoryMb } from './servers/processes.ts';

const EFS = [16, 32, 64, 128, 256] as const;
const CONNECTIONS = [1, 8, 32] as const;
/** Curves and filters are measured as a busy service is. */
const BUSY = 32;
/** A server that crashes may say very much. */
const REASON_CHARACTERS_MAX = 300;
/** Exact answers under a filter are found by looking at every row. */
const FILTERED_QUERIES_MAX = 100;
const FILTERS = SELECTIVITIES.filter(({ every }) => every > 2);

export type Comparison = {
  readonly servers: readonly PeerServer[];
  readonly dataset: Dataset;
  readonly rounds: Rounds;
  /** Servers are compared at the least `ef` that reaches it. */
  readonly recall: number;
  readonly say: (line: string) => void;
};

/** The figures are named `SERVER.what`. What a server does once is measured once; what it could not do it has no figure of. */
export async function comparePeers(comparison: Comparison): Promise<Result[]> {
  const { servers, say } = comparison;
  const results: Result[] = [];
  for (const server of servers) {
    say(`filling ${server.title}`);
    results.push(...(await fill(server, comparison.dataset)));
  }
  say(`searching with ef ${EFS.join(', ')}`);
  const chosen = new Map<PeerServer, number>();
  results.push(...(await drawCurves(comparison, chosen)));
  say('searching on 1 to 32 connections, with filters, and beside writes');
  results.push(...(await searchAll(comparison, chosen)));
  say('updating');
  results.push(...(await update(comparison)));
  for (const server of servers) {
    say(`restarting ${server.title}`);
    try {
      results.push(...(await restart(server, comparison.dataset, chosen.get(server) ?? EFS[0])));
    } catch (error) {
      // A server of another's that does not come back is a finding; ours is a fault.
      if (server.name === 'vectorizer') throw error;
      say(`${server.title} did not come back: ${inspect(error).slice(0, REASON_CHARACTERS_MAX)}`);
    }
  }
  return results;
}

async function fill(server: PeerServer, { rows, dimension }: Dataset): Promise<Result[]> {
  await server.create(dimension);
  const connections = await Promise.all(Array.from({ length: WRITERS }, () => connectTo(server.target())));
  const start = performance.now();
  let next = 0;
  await Promise.all(
    connections.map(async (connection) => {
      while (next < rows.length) {
        const first = next;
        next += BATCH;
        await connection.write(pointsOf(rows.slice(first, first + BATCH), first));
      }
    }),
  );
  const acceptedMs = performance.now() - start;
  await server.finish(rows.length);
  const indexedMs = performance.now() - start;
  await Promise.all(connections.map((connection) => connection.close()));
  return [
    once(`${server.name}.ingest.accepted_per_s`, 'points/s', (rows.length / acceptedMs) * 1_000),
    once(`${server.name}.ingest.indexed_per_s`, 'points/s', (rows.length / indexedMs) * 1_000),
    once(`${server.name}.memory_mb`, 'MB', memoryMb(server.pids())),
    once(`${server.name}.disk_mb`, 'MB', await diskMb(server.directory)),
  ];
}

/** Rate by recall; chooses the `ef` of each server. */
async function drawCurves(comparison: Comparison, chosen: Map<PeerServer, number>): Promise<Result[]> {
  const { servers, dataset, rounds, recall } = comparison;
  const { queries, truth } = dataset;
  const tries = servers.flatMap((server) => EFS.map((ef) => ({ server, ef, connections: BUSY, queries, truth })));
  const tried = await inTurns(tries, dataset, rounds);
  for (const server of servers) {
    const own = tried.filter((each) => each.server === server);
    chosen.set(server, (own.find(({ series }) => series.recall >= recall) ?? own.at(-1))?.ef ?? EFS[0]);
  }
  return tried.map(({ server, ef, series }) =>
    figure(`${server.name}.search.ef${ef}`, '1/s', series.with(spread(series.perSecond))),
  );
}

async function searchAll(
  { servers, dataset, rounds }: Comparison,
  chosen: ReadonlyMap<PeerServer, number>,
): Promise<Result[]> {
  const { queries, truth, rows } = dataset;
  const few = queries.slice(0, FILTERED_QUERIES_MAX);
  const filters = FILTERS.map(({ name, field, every }) => {
    const exact = few.map((query) => exactTop(rows, query, { k: K, accepts: (row) => row % every === 0 }));
    return { what: `filter.${name}`, connections: BUSY, queries: few, truth: exact, field };
  });
  const plain = CONNECTIONS.map((connections) => ({ what: `http${connections}`, connections, queries, truth }));
  const busy = { what: 'under_writes', connections: 1, queries, truth, besideWrites: true };
  const tries = servers.flatMap((server) =>
    [...plain, ...filters, busy].map((way) => ({ ...way, server, ef: chosen.get(server) ?? EFS[0] })),
  );
  const tried = await inTurns(tries, dataset, rounds);
  return tried.flatMap(({ server, what, series }) => [
    figure(`${server.name}.search.${what}.qps`, '1/s', series.with(spread(series.perSecond))),
    figure(`${server.name}.search.${what}.p50_ms`, 'ms', series.with(spread(series.p50Ms))),
    figure(`${server.name}.search.${what}.p99_ms`, 'ms', series.with(spread(series.p99Ms))),
  ]);
}

/** New vectors for one point after the other, each durable before the next. */
async function update({ servers, dataset, rounds }: Comparison): Promise<Result[]> {
  const updated = servers.map((server) => ({ server, perSecond: [] as number[] }));
  for (const round of numbered(rounds)) {
    for (const { server, perSecond } of updated) {
      const connection = await connectTo(server.target());
      const start = performance.now();
      let count = 0;
      while (performance.now() - start < rounds.milliseconds) {
        const row = (round * 1_000 + count++) % dataset.rows.length;
        await connection.write([{ row, vector: nudged(dataset.rows[row] ?? new Float32Array(), round + count) }]);
      }
      if (round > 0) perSecond.push((count / (performance.now() - start)) * 1_000);
      await connection.close();
    }
  }
  return updated.map(({ server, perSecond }) => figure(`${server.name}.update_per_s`, '1/s', spread(perSecond)));
}

/** From when it is told to end in good order until it has answered a search. */
async function restart(server: PeerServer, { queries: [query] }: Dataset, ef: number): Promise<Result[]> {
  const start = performance.now();
  await server.restart();
  await server.setEf?.(ef);
  const connection = await connectTo(server.target());
  await connection.searchWith({ k: K, ef });
  const rows = connection.rowsOf(await connection.search(connection.prepare(query ?? new Float32Array())));
  const seconds = (performance.now() - start) / 1_000;
  await connection.close();
  if (rows.length !== K) throw new Error(`${server.title} found ${rows.length} rows after its restart`);
  return [once(`${server.name}.restart_s`, 's', seconds)];
}
