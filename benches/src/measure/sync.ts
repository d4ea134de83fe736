import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { newUid, type CollectionUid, type ShardSnapshot } from '@vectorizer/contracts';
import { installSnapshot, Shard, Turns, verifySnapshot } from '@vectorizer/engine';
import { temporaryDirectory } from '@vectorizer/testing';
import type { Dataset } from '../data/dataset.ts';
import { payloadOf } from '../data/payload.ts';
import { figure, type Result } from '../outcome/result.ts';
import { spread } from '../outcome/statistics.ts';
import { BATCH, EF, K, numbered, PATIENCE_MS, type Rounds } from '../setting.ts';
import { shardOptions, type Engine } from '../subjects/engine.ts';
import { startLogServer, type LogServer } from '../subjects/log-server.ts';

/** Requests that wait for the log at once: a writer makes entries of what waits. */
const REQUESTS_AT_ONCE = 8;

/**
 * What a replica takes that begins with nothing: from a shared snapshot until it has answered a search, and from the log alone
 * as a restore replays it, without graph work; and one that was killed before anything of its graph was saved.
 */
export async function benchSync(engine: Engine, dataset: Dataset, rounds: Rounds): Promise<Result[]> {
  await using server = await startLogServer();
  await using scratch = await temporaryDirectory();
  const uid = await logged(server, dataset);
  const manifest = await stored(server, engine, join(scratch.path, 'outgoing'));
  const full: number[] = [];
  const replayed: number[] = [];
  const killed: number[] = [];
  for (const round of numbered(rounds)) {
    const place = { directory: join(scratch.path, `replica-${round}`), dataset };
    const fullS = await fullSync(server, manifest, place);
    const rate = await replay(server, uid, { ...place, directory: `${place.directory}-replayed` });
    const readyS = await withoutGraph(place);
    await rm(place.directory, { recursive: true });
    if (round === 0) continue;
    full.push(fullS);
    replayed.push(rate);
    killed.push(readyS);
  }
  return [
    figure('sync.full_s', 's', spread(full)),
    figure('sync.replay_ops_per_s', 'ops/s', spread(replayed)),
    figure('restart.without_graph.ready_s', 's', spread(killed)),
  ];
}

type Place = { readonly directory: string; readonly dataset: Dataset };

/** Writes every row to a log, as ingest does. */
async function logged({ log }: LogServer, { rows }: Dataset): Promise<CollectionUid> {
  const uid = newUid();
  await log.ensureStreams(uid, 1);
  const writer = log.writer(uid, 0);
  let next = 0;
  const write = async (): Promise<void> => {
    while (next < rows.length) {
      const first = next;
      next += BATCH;
      const ops = rows.slice(first, next).map((vector, i) => ({
        kind: 'upsert' as const,
        id: String(first + i),
        vector,
        payload: JSON.stringify(payloadOf(first + i)),
      }));
      await writer.append({ id: `bench-${first}`, ops }, Date.now() + PATIENCE_MS);
    }
  };
  await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, write));
  return uid;
}

async function stored({ snapshots }: LogServer, engine: Engine, directory: string): Promise<ShardSnapshot> {
  await mkdir(directory);
  const written = await engine.writeSnapshot(directory);
  const manifest = { v: 1, uid: newUid(), shard: 0, taken_at: new Date().toISOString(), ...written } as const;
  await snapshots.put(manifest, directory);
  return manifest;
}

/** As an index node does it: fetched, verified file by file and point by point, put in place, opened, asked. */
async function fullSync(
  { snapshots }: LogServer,
  manifest: ShardSnapshot,
  { directory, dataset }: Place,
): Promise<number> {
  const start = performance.now();
  const incoming = `${directory}.incoming`;
  await snapshots.fetch(manifest, incoming);
  await verifySnapshot(incoming, { ...manifest, dimension: dataset.dimension, metric: 'dot', turns: new Turns() });
  await installSnapshot(incoming, directory);
  await openAndAsk(directory, dataset);
  return (performance.now() - start) / 1_000;
}

async function replay({ log }: LogServer, uid: CollectionUid, { directory, dataset }: Place): Promise<number> {
  const { lastSequence } = await log.state(uid, 0);
  const shape = shardOptions({ directory, dimension: dataset.dimension, kind: 'cpu' });
  const shard = await Shard.open({ ...shape, withoutIndex: true });
  shard.startBackground();
  const stop = new AbortController();
  const start = performance.now();
  for await (const entry of log.read(uid, 0, { after: 0, signal: stop.signal })) {
    await shard.apply(entry);
    if (entry.sequence === lastSequence) break;
  }
  await shard.flush();
  const seconds = (performance.now() - start) / 1_000;
  const { operations } = shard;
  await shard.close();
  await rm(directory, { recursive: true });
  return operations / seconds;
}

/** The worst that a kill leaves: points, and no saved graph of them. */
async function withoutGraph({ directory, dataset }: Place): Promise<number> {
  await rm(join(directory, 'graph'), { recursive: true });
  const start = performance.now();
  await openAndAsk(directory, dataset);
  return (performance.now() - start) / 1_000;
}

async function openAndAsk(directory: string, { dimension, queries }: Dataset): Promise<void> {
  const shard = await Shard.open(shardOptions({ directory, dimension, kind: 'cpu' }));
  const [vector = new Float32Array(dimension)] = queries;
  await shard.search({ vector, k: K, ef: EF, with_payload: false, with_vector: false });
  await shard.close();
}
