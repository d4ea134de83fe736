import type { Haste } from '@vectorizer/engine';
import type { LogMessage } from '@vectorizer/log';

/** A replica that follows its log and is later than this is in a hurry, until it is no later than that. */
const [LATE_MS, IN_TIME_MS] = [1_000, 250];
/** One that catches up for the first time, and is no nearer the end of its log after this long, is in a hurry, too. */
const HEADWAY_MS = 5_000;

type Passed = Pick<LogMessage, 'at' | 'pending'>;

/**
 * How much of a hurry a replica is in to apply its log. While it catches up it has patience, as long as it gets nearer;
 * once it follows, it must not be late for long, whatever else there is to do.
 */
export class Lateness {
  #haste: Haste = 'patient';
  #follows = false;
  #looked: { readonly atMs: number; readonly pending: number } | undefined;

  get haste(): Haste {
    return this.#haste;
  }

  get follows(): boolean {
    return this.#follows;
  }

  /** It has had all that its log held at some time, and follows from here on. */
  caughtUp(): void {
    if (this.#follows) return;
    this.#follows = true;
    this.#haste = 'usual';
  }

  /** An entry was applied at a moment of the log's clock (epoch milliseconds). */
  passed(entry: Passed, nowMs: number): void {
    if (this.#follows) this.#haste = this.#whileFollowing(entry, nowMs);
    else if (!this.#isNearing(entry, nowMs)) this.#haste = 'urgent';
  }

  #whileFollowing({ at, pending }: Passed, nowMs: number): Haste {
    if (pending === 0) return 'usual';
    return nowMs - at > (this.#haste === 'urgent' ? IN_TIME_MS : LATE_MS) ? 'urgent' : 'usual';
  }

  #isNearing({ pending }: Passed, nowMs: number): boolean {
    const looked = this.#looked;
    if (looked !== undefined && nowMs - looked.atMs < HEADWAY_MS) return true;
    this.#looked = { atMs: nowMs, pending };
    return looked === undefined || pending < looked.pending;
  }
}
