import { join } from 'node:path';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { seededRandom, temporaryDirectory, type SeededRandom } from '@vectorizer/testing';
import { Shard } from '../shard/shard.ts';
import { EntryGenerator } from './random-entry.ts';

const DIMENSION = 4;
const ENTRIES = 300;

/** Feeds a log to a shard; `disturb` decides what else happens to it on the way. */
async function follow(
  directory: string,
  log: readonly Uint8Array[],
  disturb: (shard: Shard) => Promise<'restart' | undefined>,
): Promise<{ readonly outcomes: unknown[]; readonly proof: unknown }> {
  const open = (): Promise<Shard> =>
    Shard.open({
      directory,
      dimension: DIMENSION,
      metric: 'cosine',
      kind: 'cpu',
      hnsw: { m: 8, ef_construction: 60, ef_search: 60 },
      bufferRowsMax: 32,
      requestsMax: 25,
    });
  let shard = await open();
  const outcomes: unknown[] = [];
  for (const [position, bytes] of log.entries()) {
    outcomes.push(await shard.apply({ sequence: position + 1, bytes, at: position }));
    if ((await disturb(shard)) !== 'restart') continue;
    await shard.close();
    shard = await open();
  }
  const {
    durable_sequence: _durable,
    indexed: _indexed,
    buffered: _buffered,
    dead: _dead,
    bytes: _bytes,
    ...proof
  } = shard.report();
  const page = await shard.scroll({ limit: 1_000, with_payload: true, with_vector: true });
  await shard.close();
  return { outcomes, proof: { ...proof, position: shard.position, points: page.points } };
}

function logOf(seed: number): Uint8Array[] {
  const generator = new EntryGenerator(seededRandom(seed), DIMENSION);
  return Array.from({ length: ENTRIES }, (_, position) => generator.next(position + 1).bytes);
}

function storms(random: SeededRandom): (shard: Shard) => Promise<'restart' | undefined> {
  return async (shard) => {
    const draw = random.uniform();
    if (draw < 0.02) return 'restart';
    if (draw < 0.05) shard.startBackground();
    else if (draw < 0.15) await shard.flush();
    else if (draw < 0.17) await shard.saveGraph();
    else if (draw < 0.3) await yieldToOthers();
    return undefined;
  };
}

describe('two shards that are fed the same log', () => {
  it.each([11, 12, 13])('agree on every outcome and on their state, whatever their timing (seed %i)', async (seed) => {
    await using directory = await temporaryDirectory();
    const log = logOf(seed);
    const calm = await follow(join(directory.path, 'calm'), log, async () => undefined);
    const stormy = await follow(join(directory.path, 'stormy'), log, storms(seededRandom(seed + 1_000)));
    expect(stormy.outcomes).toEqual(calm.outcomes);
    expect(stormy.proof).toEqual(calm.proof);
  });

  it('differ in the chain as soon as one byte of the log differs', async () => {
    await using directory = await temporaryDirectory();
    const log = logOf(14).slice(0, 20);
    const other = log.map((bytes, position) => (position === 3 ? Uint8Array.of(...bytes, 0) : bytes));
    const shards = await Promise.all(
      [log, other].map((entries, i) => follow(join(directory.path, String(i)), entries, async () => undefined)),
    );
    const chains = shards.map(({ proof }) => (proof as { chain: string }).chain);
    expect(chains[0]).not.toBe(chains[1]);
  });
});
