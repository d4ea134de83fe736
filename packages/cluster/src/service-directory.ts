import { setTimeout as sleep } from 'node:timers/promises';
import { SILENT_MS, type Presence } from './presence.ts';

/** Beyond this many those that are silent are forgotten. */
const KNOWN_MAX = 256;

type Known = { readonly serves: ReadonlySet<string>; readonly life: number; readonly heardMs: number };

/** Which processes serve what, by their own word, and how many of our calls each works on. */
export class ServiceDirectory {
  readonly #hearingSince: () => number;
  readonly #known = new Map<string, Known>();
  readonly #inFlight = new Map<string, number>();
  readonly #sinceMs = performance.now();
  #turn = 0;

  /** `hearingSince`: silence before that moment was ours, not theirs. */
  constructor(hearingSince: () => number) {
    this.#hearingSince = hearingSince;
  }

  hear({ instance, serves, life, leaving }: Presence): void {
    if (leaving || serves.length === 0) this.#known.delete(instance);
    else this.#known.set(instance, { serves: new Set(serves), life, heardMs: performance.now() });
    if (this.#known.size > KNOWN_MAX) this.#forgetSilent();
  }

  /** It is gone, until it speaks again. */
  forget(instance: string): void {
    this.#known.delete(instance);
  }

  lifeOf(instance: string): number | undefined {
    return this.#known.get(instance)?.life;
  }

  isSilent(instance: string): boolean {
    const known = this.#known.get(instance);
    if (known === undefined) return true;
    return performance.now() - Math.max(known.heardMs, this.#hearingSince()) > SILENT_MS;
  }

  /** Returns when all that serve something have had the time to say so, or at the deadline (epoch milliseconds). */
  async settled(deadline: number): Promise<void> {
    const leftMs = Math.max(this.#sinceMs, this.#hearingSince()) + SILENT_MS - performance.now();
    if (leftMs > 0) await sleep(Math.min(leftMs, Math.max(0, deadline - Date.now())));
  }

  /** Those that serve a procedure and speak. */
  all(procedure: string): readonly string[] {
    return [...this.#known].flatMap(([instance, { serves }]) =>
      serves.has(procedure) && !this.isSilent(instance) ? [instance] : [],
    );
  }

  /** The one with the fewest calls of ours, each in turn among equals; none of `but`. */
  choose(procedure: string, but: ReadonlySet<string>): string | undefined {
    let chosen: string | undefined;
    const able = this.all(procedure).filter((instance) => !but.has(instance));
    this.#turn += 1;
    for (let i = 0; i < able.length; i++) {
      const instance = able[(i + this.#turn) % able.length] as string;
      if (chosen === undefined || this.#load(instance) < this.#load(chosen)) chosen = instance;
    }
    return chosen;
  }

  began(instance: string): void {
    this.#inFlight.set(instance, this.#load(instance) + 1);
  }

  ended(instance: string): void {
    const left = this.#load(instance) - 1;
    if (left > 0) this.#inFlight.set(instance, left);
    else this.#inFlight.delete(instance);
  }

  /** Those that were killed: each process has an id of its own, so they do not come back. */
  #forgetSilent(): void {
    for (const instance of this.#known.keys()) if (this.isSilent(instance)) this.#known.delete(instance);
  }

  #load(instance: string): number {
    return this.#inFlight.get(instance) ?? 0;
  }
}
