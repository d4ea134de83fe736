import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '@vectorizer/errors';
import { subjects } from '@vectorizer/contracts';
import { SHORT_MS_MAX } from './log-end.ts';
import { collectionGone, isStreamGone } from './log-faults.ts';
import { pullLog, type LogMessage, type PullOptions, type Read, type Source } from './log-pull.ts';

const RETRY_INTERVAL_MS = 250;

export type { LogMessage };
export type ReadOptions = PullOptions & {
  /** Reading starts at the entry after this sequence. */
  readonly after: number;
  /** The log's creation as last seen; another one means that the log was replaced. */
  readonly created?: string;
  /** Told of each interruption that reading recovers from. */
  readonly onInterruption?: (cause: unknown) => void;
};

/**
 * Yields every entry once, in order, without a gap; recovers by itself from a lost connection or server. The client
 * library's ordered consumer does not do the last (it stays silent when its own server dies), so the recovery is ours:
 * a pull that ends, for whatever reason, is followed by a new consumer that starts after the last entry yielded.
 *
 * Throws `replica_diverged` when the log is not the one that was read before, `collection_not_found` when it is gone.
 */
export async function* readLog(source: Source, options: ReadOptions): AsyncGenerator<LogMessage> {
  const read: Read = { last: options.after, waits: true };
  let shortSinceMs: number | undefined;
  while (!options.signal.aborted) {
    try {
      await checkSameLog(source, read.last, options.created);
      for await (const entry of pullLog(source, read, options)) {
        // It was had without a consumer.
        if (entry.sequence <= read.last) continue;
        if (entry.sequence !== read.last + 1) throw await gapOrLoss(source, read.last, entry.sequence);
        read.last = entry.sequence;
        shortSinceMs = undefined;
        read.waits = false;
        yield entry;
        read.waits = true;
      }
    } catch (error) {
      shortSinceMs = error instanceof ShortLog ? (shortSinceMs ?? performance.now()) : undefined;
      if (error instanceof ShortLog && performance.now() - (shortSinceMs ?? 0) > SHORT_MS_MAX) throw error.failure;
      if (error instanceof Failure) throw error;
      if (isStreamGone(error)) throw collectionGone(source.uid, error);
      if (options.signal.aborted) return;
      options.onInterruption?.(error);
    }
    await sleep(RETRY_INTERVAL_MS, undefined, { signal: options.signal }).catch(() => undefined);
  }
}

async function checkSameLog(
  { manager, uid, shard }: Source,
  read: number,
  createdBefore: string | undefined,
): Promise<void> {
  const { created, state: log } = await manager.streams.info(subjects.stream(uid, shard));
  if (createdBefore !== undefined && createdBefore !== created) {
    throw new Failure('replica_diverged', `the log was replaced: created ${created}, was ${createdBefore}`);
  }
  if (log.last_seq < read) {
    const told = `the log ends at ${log.last_seq}, but ${read} was read from it`;
    throw new ShortLog(new Failure('replica_diverged', told));
  }
  if (read + 1 < log.first_seq) throw gap(read, log.first_seq);
}

/** Of entries that did not come: the log has none of them, or they were lost with a connection and are to be had again. */
async function gapOrLoss({ manager, uid, shard }: Source, read: number, next: number): Promise<Error> {
  const there = await manager.streams.getMessage(subjects.stream(uid, shard), { seq: read + 1 });
  return there === null ? gap(read, next) : new Error('log reader interrupted: entries were lost on their way');
}

/** It ends before what was read from it, as far as its leader knows now. */
class ShortLog extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

function gap(read: number, next: number): Failure {
  return new Failure('replica_diverged', `the log continues at ${next}, but ${read + 1} is next`, {
    details: { read, next },
  });
}
