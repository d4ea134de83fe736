import { setTimeout as sleep } from 'node:timers/promises';
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { Failure } from '@vectorizer/errors';

/** Log servers that have just met take seconds to elect the leaders of what they make, and more on a busy machine. */
const OPEN_MS_MAX = 60_000;
const PAUSE_MS = 250;
/** A stream of that name is there, and made differently. */
const OTHERWISE_MADE = 10_058;
/**
 * What is said before the other servers have joined, of what was made a moment ago and has no leader yet, and of what an
 * earlier release made until another service has brought it up to date.
 */
const TOO_EARLY: readonly number[] = [10_005, JetStreamApiCodes.StreamNotFound, OTHERWISE_MADE];

/** Makes or opens something on the log servers, again and again while they elect a leader of it. */
export async function openWhileElecting<T>(what: string, open: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + OPEN_MS_MAX;
  for (;;) {
    try {
      return await open();
    } catch (cause) {
      const tooEarly = cause instanceof JetStreamApiError && TOO_EARLY.includes(cause.code);
      const passing = tooEarly || isTransient(cause);
      if (!passing || Date.now() + PAUSE_MS > deadline)
        throw new Failure('log_unavailable', `${what} cannot be opened: ${String(cause)}`, { cause });
    }
    await sleep(PAUSE_MS);
  }
}

export function isOfAnotherRelease(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === OTHERWISE_MADE;
}

/** Anything but a compare-and-set that lost: 10071 lost, while 10164 is what a new leader says before it knows. */
export function isTransient(error: unknown): boolean {
  return (
    !(error instanceof JetStreamApiError) ||
    error.code === JetStreamApiCodes.StreamWrongLastSequenceUnknown ||
    error.status >= 500
  );
}
