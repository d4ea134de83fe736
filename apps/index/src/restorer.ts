import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SnapshotStore } from '@vectorizer/cluster';
import type { shardRestore, ShardSnapshot } from '@vectorizer/contracts';
import { Gpu, Shard, verifySnapshot } from '@vectorizer/engine';
import { Failure } from '@vectorizer/errors';
import type { Log } from '@vectorizer/log';
import type { Logger } from '@vectorizer/telemetry';
import type { z } from 'zod';
import type { DataDirectory } from './data-directory.ts';
import { storeSnapshot } from './store-snapshot.ts';

type Wanted = z.output<(typeof shardRestore)['input']>;
type Parts = {
  readonly directory: DataDirectory;
  readonly snapshots: SnapshotStore;
  readonly log: Log;
  readonly logger: Logger;
};

/** Makes the first state of a shard that is to be: a stored snapshot, brought to a sequence with the log that it is of. */
export class Restorer {
  readonly #parts: Parts;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async restore(wanted: Wanted): Promise<ShardSnapshot> {
    const running = this.#restore(wanted);
    this.#running.add(running);
    return running.finally(() => this.#running.delete(running));
  }

  /** Returns when what was under way has ended. */
  async close(): Promise<void> {
    this.#closing.abort(new Failure('index_unavailable', 'the index node is stopping'));
    await Promise.allSettled(this.#running);
  }

  async #restore(wanted: Wanted): Promise<ShardSnapshot> {
    const { snapshots } = this.#parts;
    const { uid, shard: number, from, config } = wanted;
    const { signal } = this.#closing;
    const scratch = this.#parts.directory.scratchFor({ uid, shard: number });
    const [stored] = snapshots.list(from, number);
    if (stored === undefined)
      throw new Failure('not_found', `nothing is stored of shard ${number} of snapshot ${from}`);
    try {
      const directory = join(scratch, 'state');
      await snapshots.fetch(stored, directory, { signal });
      await verifySnapshot(directory, { ...stored, ...config });
      const { logger } = this.#parts;
      const gpu = new Gpu({ mode: 'off', logger });
      const shard = await Shard.open({ ...config, directory, gpu, logger });
      try {
        await this.#replay(shard, wanted);
        // Its log is made later, and it is tied to that when it is first read.
        shard.bind(null);
        const place = { shard: number, directory, snapshots, logger };
        return await storeSnapshot(shard, place, { into: uid, signal });
      } finally {
        await shard.close();
      }
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  async #replay(shard: Shard, { log: uid, shard: number, up_to }: Wanted): Promise<void> {
    const { sequence: after, created } = shard.position;
    if (after >= up_to) return;
    const { signal } = this.#closing;
    for await (const entry of this.#parts.log.read(uid, number, {
      after,
      ...(created !== null && { created }),
      signal,
    })) {
      await shard.apply(entry);
      if (entry.sequence >= up_to) return;
    }
    signal.throwIfAborted();
  }
}
