import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SnapshotStore } from '@vectorizer/cluster';
import type { shardRestore, ShardSnapshot } from '@vectorizer/contracts';
import { Shard, verifySnapshot, type ShardReport, type Turns } from '@vectorizer/engine';
import { Failure } from '@vectorizer/errors';
import type { Log } from '@vectorizer/log';
import type { Logger } from '@vectorizer/telemetry';
import type { z } from 'zod';
import type { DataDirectory } from './data-directory.ts';
import type { JobTools } from './long-jobs.ts';
import { storeSnapshot } from './store-snapshot.ts';

type Wanted = z.output<(typeof shardRestore)['input']>;
type Parts = {
  readonly directory: DataDirectory;
  readonly snapshots: SnapshotStore;
  readonly log: Log;
  readonly logger: Logger;
  readonly turns: Turns;
};

/** Makes the first state of a shard that is to be: a stored snapshot, brought to a sequence with the log that it is of. */
export class Restorer {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async restore(wanted: Wanted, { signal, onProgress }: JobTools): Promise<ShardSnapshot> {
    const { snapshots, logger, turns } = this.#parts;
    const { uid, shard: number, from, config } = wanted;
    const scratch = this.#parts.directory.scratchFor({ uid, shard: number });
    const [stored] = snapshots.list(from, number);
    if (stored === undefined)
      throw new Failure('not_found', `nothing is stored of shard ${number} of snapshot ${from}`);
    let moved = 0;
    const moving = (bytes: number): void => onProgress((moved = bytes));
    try {
      const directory = join(scratch, 'state');
      await snapshots.fetch(stored, directory, { signal, onProgress: moving });
      await verifySnapshot(directory, { ...stored, ...config, turns });
      // Its saved index comes along, and whoever opens it adds what the replay brought.
      const shard = await Shard.open({ ...config, directory, withoutIndex: true, turns, logger });
      // What is applied is written while more is read.
      shard.startBackground();
      try {
        await this.#replay(shard, wanted, signal);
        const built = await verifyBuilt(shard, wanted, signal);
        // Its log is made later, and it is tied to that when it is first read.
        shard.bind(null);
        const fetched = moved;
        const place = { shard: number, directory, snapshots, logger };
        const made = await storeSnapshot(shard, place, {
          into: uid,
          signal,
          onProgress: (bytes) => onProgress(fetched + bytes),
        });
        checkStored(made, built);
        return made;
      } finally {
        await shard.close();
      }
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  async #replay(shard: Shard, { log: uid, shard: number, up_to }: Wanted, signal: AbortSignal): Promise<void> {
    const { sequence: after, created } = shard.position;
    if (after >= up_to) return;
    const reading = { after, ...(created !== null && { created }), signal };
    for await (const entry of this.#parts.log.read(uid, number, reading)) {
      await shard.apply(entry);
      if (entry.sequence >= up_to) return;
    }
    signal.throwIfAborted();
  }
}

/** On the way out: at the sequence that was asked for, with all that is stored coming to its count and state hash. */
async function verifyBuilt(shard: Shard, { up_to }: Wanted, signal: AbortSignal): Promise<ShardReport> {
  const built = shard.report();
  if (built.applied_sequence !== up_to) {
    throw new Failure(
      'storage_error',
      `the state is of sequence ${built.applied_sequence}, where it should be of ${up_to}`,
    );
  }
  await shard.verify({ signal, hurried: true });
  return built;
}

function checkStored(made: ShardSnapshot, built: ShardReport): void {
  const same =
    made.sequence === built.applied_sequence && made.points === built.points && made.state_hash === built.state_hash;
  if (same) return;
  const { sequence, points, state_hash } = made;
  const details = { expected: built, found: { sequence, points, state_hash } };
  throw new Failure('storage_error', 'what was stored is not the state that was verified', { details });
}
