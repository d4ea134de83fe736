import { setTimeout as sleep } from 'node:timers/promises';
import { digestOfEntry } from '@vectorizer/contracts';
import type { Position } from '@vectorizer/engine';
import { Failure } from '@vectorizer/errors';
import type { Log, LogState } from '@vectorizer/log';
import type { Logger } from '@vectorizer/telemetry';
import type { ReplicaKey } from './data-directory.ts';

/** Short at first, since the log of a new collection is made a moment after its record; then the server is spared. */
const PAUSE_MS_FIRST = 20;
const PAUSE_MS_MAX = 2_000;
/** A log's new leader may not know its own last entries for a moment; a log that is still too short after this lost them. */
const SHORT_MS_MAX = 3_000;

type Search = ReplicaKey & { readonly log: Log; readonly logger: Logger; readonly signal: AbortSignal };

/**
 * The log of a replica, once it can be reached and has shown to be the one that the replica applied: created at the same
 * time, at least as long, and with the same last applied entry where it still holds that. Throws `replica_diverged` when
 * it is another one. `begins_later`: it is the same, but no longer holds the next entry. Undefined when told to stop.
 */
export async function findLog(search: Search, position: Position): Promise<LogState | 'begins_later' | undefined> {
  let said = '';
  let shortSince: number | undefined;
  for (let pause = PAUSE_MS_FIRST; !search.signal.aborted; pause = Math.min(pause * 2, PAUSE_MS_MAX)) {
    try {
      const state = await search.log.state(search.uid, search.shard);
      const short = state.lastSequence < position.sequence;
      checkCreation(state, position);
      if (!short) {
        if (position.sequence + 1 < state.firstSequence) return 'begins_later';
        await checkSame(search, position);
        return search.signal.aborted ? undefined : state;
      }
      shortSince ??= performance.now();
      if (performance.now() - shortSince > SHORT_MS_MAX) throw tooShort(state, position);
    } catch (cause) {
      const failure = Failure.from(cause);
      if (failure.type !== 'log_unavailable' && failure.type !== 'collection_not_found') throw failure;
      // A log that is not there yet is a new collection's; that is said only when it goes on.
      const worth = failure.type === 'log_unavailable' || pause >= PAUSE_MS_MAX;
      if (worth && said !== failure.message) search.logger.warn({ reason: failure.message }, 'waiting for the log');
      if (worth) said = failure.message;
    }
    await sleep(pause, undefined, { signal: search.signal, ref: false }).catch(() => undefined);
  }
  return undefined;
}

async function checkSame({ log, uid, shard }: Search, { sequence, digest }: Position): Promise<void> {
  if (sequence === 0) return;
  const entry = await log.entryAt(uid, shard, sequence);
  if (entry !== undefined && digestOfEntry(entry.bytes) !== digest) {
    throw diverged(`the log holds another entry ${sequence} than the one that was applied`);
  }
}

function checkCreation({ created }: LogState, position: Position): void {
  if (position.created === null || position.created === created) return;
  throw diverged(`the log was replaced: created ${created}, was ${position.created}`);
}

function tooShort({ lastSequence }: LogState, { sequence }: Position): Failure {
  return diverged(`the log ends at ${lastSequence}, but ${sequence} was applied from it`);
}

function diverged(reason: string): Failure {
  return new Failure('replica_diverged', reason);
}
