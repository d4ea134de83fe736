import { setTimeout as sleep } from 'node:timers/promises';

export type Repetition = {
  readonly everyMs: number;
  readonly signal: AbortSignal;
  /** Told of a failure; the next turn comes all the same. */
  readonly onFailure: (error: unknown) => void;
};

/** Does the task, waits, and does it again until the signal is aborted; never twice at once. Never rejects. */
export async function repeat(task: () => Promise<void>, { everyMs, signal, onFailure }: Repetition): Promise<void> {
  while (!signal.aborted) {
    await task().catch(onFailure);
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
  }
}
