/** Of one caller from one address, one entry in so long tells how often they came. */
const TOLD_EVERY_MS = 60_000;
/** Callers that are remembered; of one that has to make room it is told at once. */
const CALLERS_MAX = 10_000;

export type Seen<T> = { readonly of: T; readonly count: number };

/** Every authentication is in the audit log, but not each as an entry of its own: the first, and then how many there were. */
export class Authentications<T> {
  readonly #callers = new Map<string, { of: T; count: number; toldMs: number }>();

  /** What is to be told now. */
  note(caller: string, of: T, nowMs: number): readonly Seen<T>[] {
    const known = this.#callers.get(caller);
    if (known === undefined) {
      this.#callers.set(caller, { of, count: 0, toldMs: nowMs });
      return [{ of, count: 1 }, ...this.#makeRoom()];
    }
    known.count += 1;
    known.of = of;
    if (nowMs - known.toldMs < TOLD_EVERY_MS) return [];
    const { count } = known;
    this.#callers.delete(caller);
    this.#callers.set(caller, { of, count: 0, toldMs: nowMs });
    return [{ of, count }];
  }

  /** What has not been told. */
  rest(): readonly Seen<T>[] {
    const rest = [...this.#callers.values()].filter(({ count }) => count > 0);
    this.#callers.clear();
    return rest;
  }

  #makeRoom(): readonly Seen<T>[] {
    const [oldest] = this.#callers;
    if (this.#callers.size <= CALLERS_MAX || oldest === undefined) return [];
    this.#callers.delete(oldest[0]);
    return oldest[1].count > 0 ? [oldest[1]] : [];
  }
}
