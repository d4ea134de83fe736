import { setTimeout as sleep } from 'node:timers/promises';
import type { HealthCheck } from './health.ts';

/** A check that hangs is a check that fails; probes usually give up after a few seconds themselves. */
const CHECK_MS_MAX = 2_000;
/** What was well so lately is told at once: whoever asks often does not have it looked at each time. */
const FRESH_MS = 500;
/** Whoever asks gets what is found within this, else what was found last: health is asked most when all else is slow. */
const PATIENCE_MS = 20;
/** What was found longer ago says nothing any more; then the answer waits. */
const STALE_MS_MAX = 5_000;

type Found = { readonly atMs: number } & ({ readonly detail: Record<string, unknown> } | { readonly error: unknown });

/** A check that answers soon, whatever it looks at, and is never run twice at once. */
export class WatchedCheck {
  readonly name: string;
  readonly needed: boolean;
  readonly #check: HealthCheck['check'];
  #last: Found | undefined;
  #running: Promise<Found> | undefined;

  constructor({ name, needed, check }: HealthCheck) {
    this.name = name;
    this.needed = needed;
    this.#check = check;
  }

  /** What the check says; throws what it throws. */
  async look(): Promise<Record<string, unknown>> {
    const last = this.#last;
    const isFresh = last !== undefined && 'detail' in last && this.#ageMs <= FRESH_MS;
    const found = isFresh ? last : await this.#find();
    if ('error' in found) throw found.error;
    return found.detail;
  }

  get #ageMs(): number {
    return this.#last === undefined ? Infinity : performance.now() - this.#last.atMs;
  }

  async #find(): Promise<Found> {
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
    return (await this.#soon(this.#running)) ?? this.#running;
  }

  /** Undefined when it takes longer, and nothing of late is known. */
  async #soon(running: Promise<Found>): Promise<Found | undefined> {
    const last = this.#last;
    if (last === undefined || this.#ageMs > STALE_MS_MAX) return undefined;
    return within(running, PATIENCE_MS, () => last);
  }

  async #run(): Promise<Found> {
    const checked = Promise.resolve()
      .then(this.#check)
      .then(
        (detail) => ({ detail }),
        (error: unknown) => ({ error }),
      );
    const late = { error: new Error(`no answer within ${CHECK_MS_MAX} ms`) };
    const found = await within<{ detail: Record<string, unknown> } | { error: unknown }>(
      checked,
      CHECK_MS_MAX,
      () => late,
    );
    this.#last = { ...found, atMs: performance.now() };
    return this.#last;
  }
}

async function within<T>(promise: Promise<T>, milliseconds: number, otherwise: () => T): Promise<T> {
  const settled = new AbortController();
  const pause = sleep(milliseconds, undefined, { signal: settled.signal, ref: false }).then(otherwise);
  pause.catch(() => undefined);
  try {
    return await Promise.race([promise, pause]);
  } finally {
    settled.abort();
  }
}
