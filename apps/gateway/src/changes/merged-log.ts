import type { CollectionUid } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Log } from '@vectorizer/log';
import { changesGone, type Start } from './position.ts';

export type ShardEntry = {
  readonly shard: number;
  readonly sequence: number;
  readonly at: number;
  readonly bytes: Uint8Array;
};

export type MergeOptions = {
  readonly uid: CollectionUid;
  readonly start: Start;
  /** After so long without an entry there is an undefined instead, and reading goes on. */
  readonly silenceMs: number;
  readonly signal: AbortSignal;
};

/**
 * Of each log that is read: what lies here for a follower that does not take it. The log server gives no message that is
 * larger than what is asked for, and takes none beyond 8 MiB.
 */
const PULL_BYTES = 9 * 1024 * 1024;

/** The entries of all shards: those of each in order and without a gap, one of each held until it is taken. */
export async function* mergedLog(
  log: Pick<Log, 'read'>,
  options: MergeOptions,
): AsyncGenerator<ShardEntry | undefined> {
  const { uid, start, silenceMs } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const ready: { readonly entry: ShardEntry; readonly take: () => void }[] = [];
  let failure: Failure | undefined;
  let wake = nobodyWaits;
  signal.addEventListener('abort', () => wake());
  const pump = async (shard: number, after: number): Promise<void> => {
    const created = start.created[shard];
    const from = { after, signal, pullBytesMax: PULL_BYTES, ...(created !== undefined && { created }) };
    for await (const { sequence, at, bytes } of log.read(uid, shard, from)) {
      // Whoever is gone takes nothing more.
      if (signal.aborted) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      ready.push({ entry: { shard, sequence, at, bytes }, take: resolve });
      wake();
      await promise;
      if (signal.aborted) return;
    }
  };
  for (const [shard, after] of start.position.sequences.entries()) {
    pump(shard, after).catch((cause: unknown) => {
      failure ??= cutOff(shard, Failure.from(cause));
      wake();
    });
  }
  try {
    while (!signal.aborted) {
      const next = ready.shift();
      if (next === undefined) {
        if (failure !== undefined) throw failure;
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        const timer = setTimeout(resolve, silenceMs);
        await promise;
        clearTimeout(timer);
        if (ready.length === 0 && failure === undefined && !signal.aborted) yield undefined;
        continue;
      }
      try {
        yield next.entry;
      } finally {
        // Also of a follower that leaves with it: the log is read no further only when this one counts as taken.
        next.take();
      }
    }
  } finally {
    stop.abort();
    for (const { take } of ready) take();
  }
}

function nobodyWaits(): void {}

/** The log was cut under a follower that was too slow. */
function cutOff(shard: number, failure: Failure): Failure {
  const { read, next } = failure.details;
  if (failure.type !== 'replica_diverged' || typeof read !== 'number' || typeof next !== 'number') return failure;
  return changesGone({ shard, next: read + 1, first: next });
}
