import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '@vectorizer/errors';

/** A log's new leader may not know its own last entries for a moment; a log that is too short after this lost them. */
export const SHORT_MS_MAX = 3_000;
const PAUSE_MS_FIRST = 50;

/** Where a log ends, as its leader says. */
export type LogEnd = {
  readonly created: string;
  readonly lastSequence: number;
  /** How many keep the log. */
  readonly servers: number;
};

/** For how long a log may seem shorter than it is. One that a single server keeps has no other leader. */
export function shortMsMax({ servers }: Pick<LogEnd, 'servers'>): number {
  return servers > 1 ? SHORT_MS_MAX : 0;
}

/** Throws `token_ahead` when a log does not have what is demanded of it. */
export function refuseAhead(
  { shard, demanded }: { readonly shard: number; readonly demanded: number },
  { lastSequence }: Pick<LogEnd, 'lastSequence'>,
): void {
  if (demanded <= lastSequence) return;
  const message = `entry ${demanded} of shard ${shard} is demanded, and its log ends at ${lastSequence}`;
  throw new Failure('token_ahead', message, { details: { shard, demanded, log_ends_at: lastSequence } });
}

/** Where a log ends, asked again for as long as that is before a sequence and its leader may not know better yet. */
export async function endReaching<End extends LogEnd>(
  sequence: number,
  ask: () => Promise<End>,
  signal?: AbortSignal,
): Promise<End> {
  const startedMs = performance.now();
  for (let pauseMs = PAUSE_MS_FIRST; ; pauseMs *= 2) {
    const end = await ask();
    const leftMs = shortMsMax(end) - (performance.now() - startedMs);
    if (end.lastSequence >= sequence || leftMs <= 0 || signal?.aborted === true) return end;
    await sleep(Math.min(pauseMs, leftMs), undefined, { signal }).catch(() => undefined);
  }
}
