import { Shard } from '../shard/shard.ts';
import { EntryGenerator, type Random } from './random-entry.ts';

/** The figures that parent and child of the kill test share. */
export const KILL = {
  dimension: 8,
  entries: 100_000,
  kind: 'cpu',
  hnsw: { m: 8, ef_construction: 60, ef_search: 60 },
  requestsMax: 40,
} as const;

/** Entry by entry, the same for every process that starts from the same randomness. */
export function* killLog(random: Random): Generator<Uint8Array> {
  const generator = new EntryGenerator(random, KILL.dimension);
  for (let sequence = 1; sequence <= KILL.entries; sequence++) yield generator.next(sequence).bytes;
}

/** Follows the log from where its store left off, flushing all the time, until it is killed. */
export async function applyUntilKilled(directory: string, log: Iterable<Uint8Array>): Promise<void> {
  const shard = await Shard.open({ ...KILL, directory, metric: 'cosine' });
  shard.startBackground();
  const start = shard.position.sequence;
  let sequence = 0;
  for (const bytes of log) {
    sequence += 1;
    if (sequence <= start) continue;
    await shard.apply({ sequence, bytes, at: sequence });
    if (sequence % 3 === 0) void shard.flush();
    if (sequence % 50 === 0) process.stdout.write(`${sequence}\n`);
  }
}
