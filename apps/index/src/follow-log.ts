import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CollectionUid } from '@vectorizer/contracts';
import type { Shard } from '@vectorizer/engine';
import { Failure } from '@vectorizer/errors';
import type { Log, LogMessage, LogState } from '@vectorizer/log';
import type { Logger } from '@vectorizer/telemetry';
import { findLog } from './find-log.ts';

/** After reading the log failed for a reason that has to be looked into. */
const DOUBT_MS = 100;

export type Following = {
  readonly uid: CollectionUid;
  readonly shard: number;
  readonly log: Log;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Applies one entry, of a log whose clock is ahead of this process's by so much. Throws when this node cannot go on. */
  readonly apply: (message: LogMessage, clockAheadMs: number) => Promise<void>;
  /** Told when all that the log held has been applied. */
  readonly onCaughtUp: () => void;
};

/** Why following ended: told to stop, or the log no longer holds the next entry. */
export type FollowEnd = 'stopped' | 'left_behind';

/**
 * Applies the log to the state, entry by entry, and goes on for as long as it is not told to stop. A log that cannot
 * be reached is waited for. Throws `replica_diverged` when the log is another one than was applied, and what `apply` threw.
 */
export async function followLog(state: Pick<Shard, 'position' | 'bind'>, following: Following): Promise<FollowEnd> {
  const { signal } = following;
  let doubted: number | undefined;
  for (;;) {
    const found = await findLog(following, state.position);
    if (found === undefined) return 'stopped';
    if (found === 'begins_later') return 'left_behind';
    if (state.position.created === null) state.bind(found.created);
    if (state.position.sequence >= found.lastSequence) following.onCaughtUp();
    const doubt = await applyAll(state, following, found);
    if (doubt === undefined) return 'stopped';
    // The reader sees the log by one server's word of a moment. What it doubts is looked into once more from the
    // start, and believed when it says the same again. A log that is gone most likely is a dropped collection's:
    // the catalog tells, and until then there is nothing to do but to wait.
    const again = doubted === state.position.sequence;
    if (doubt.type !== 'collection_not_found' && (again || doubt.type !== 'replica_diverged')) throw doubt;
    if (doubt.type === 'replica_diverged') doubted = state.position.sequence;
    await sleep(DOUBT_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** Answers why reading the log ended, or undefined when it was told to stop. */
async function applyAll(
  { position }: Pick<Shard, 'position'>,
  { log, uid, shard, logger, signal, apply, onCaughtUp }: Following,
  { lastSequence: target, clockAheadMs }: LogState,
): Promise<Failure | undefined> {
  const { sequence: after, created } = position;
  assert(created !== null, 'a replica is bound to its log before it reads it');
  const onInterruption = (cause: unknown): void => logger.info({ err: cause }, 'reading the log was interrupted');
  const messages = log.read(uid, shard, { after, created, signal, onInterruption })[Symbol.asyncIterator]();
  try {
    for (;;) {
      const read = await nextOf(messages);
      if (read instanceof Failure) return signal.aborted ? undefined : read;
      if (read === undefined || signal.aborted) return undefined;
      await apply(read, clockAheadMs);
      if (read.pending === 0 || read.sequence >= target) onCaughtUp();
    }
  } finally {
    await messages.return?.();
  }
}

/** The next entry; undefined at the end; the failure when reading failed, so that it is told from one of applying. */
async function nextOf(messages: AsyncIterator<LogMessage>): Promise<LogMessage | Failure | undefined> {
  try {
    const { done, value } = await messages.next();
    return done === true ? undefined : value;
  } catch (cause) {
    return Failure.from(cause);
  }
}
