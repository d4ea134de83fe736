import { SILENT_MS, type Presence } from './presence.ts';

type Known = { readonly serves: ReadonlySet<string>; readonly life: number; readonly heardMs: number };

/** Which processes serve what, by their own word, and how many of our calls each works on. */
export class ServiceDirectory {
  readonly #hearingSince: () => number;
  readonly #known = new Map<string, Known>();
  readonly #inFlight = new Map<string, number>();
  #turn = 0;

  /** `hearingSince`: silence before that moment was ours, not theirs. */
  constructor(hearingSince: () => number) {
    this.#hearingSince = hearingSince;
  }

  hear({ instance, serves, life, leaving }: Presence): void {
    if (leaving) this.#known.delete(instance);
    else this.#known.set(instance, { serves: new Set(serves), life, heardMs: performance.now() });
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

  /** The one with the fewest calls of ours, each in turn among equals; none of `but`. */
  choose(procedure: string, but: ReadonlySet<string>): string | undefined {
    let chosen: string | undefined;
    const able = [...this.#known].flatMap(([instance, { serves }]) =>
      serves.has(procedure) && !but.has(instance) && !this.isSilent(instance) ? [instance] : [],
    );
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

  #load(instance: string): number {
    return this.#inFlight.get(instance) ?? 0;
  }
}
