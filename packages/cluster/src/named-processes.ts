import { Interruption } from './interruption.ts';
import { SILENT_MS, type Presence } from './presence.ts';

type Named = { readonly interruption: Interruption; life: string; heardMs: number };

/**
 * The processes that answer under names of their own, as index nodes do. What was sent to one that has connected anew since,
 * or was started again, may never have arrived, and nobody else will tell the caller.
 */
export class NamedProcesses {
  readonly #hearingSince: () => number;
  readonly #known = new Map<string, Named>();

  /** `hearingSince`: silence before that moment was ours, not theirs. */
  constructor(hearingSince: () => number) {
    this.#hearingSince = hearingSince;
  }

  hear({ instance, names, life }: Presence): void {
    const lifeOf = `${instance}/${life}`;
    const heardMs = performance.now();
    for (const name of names) {
      const known = this.#known.get(name);
      if (known === undefined) {
        this.#known.set(name, { interruption: new Interruption(), life: lifeOf, heardMs });
        continue;
      }
      known.heardMs = heardMs;
      if (known.life === lifeOf) continue;
      known.life = lifeOf;
      known.interruption.now();
    }
  }

  /** Not of one that was never heard. */
  isSilent(name: string): boolean {
    const known = this.#known.get(name);
    if (known === undefined) return false;
    return performance.now() - Math.max(known.heardMs, this.#hearingSince()) > SILENT_MS;
  }

  /** As the task ends; rejects with what `lost` makes once the process of this name has connected anew. */
  async unlessReborn<T>(name: string, task: Promise<T>, lost: () => Error): Promise<T> {
    const known = this.#known.get(name);
    return known === undefined ? task : known.interruption.unless(task, lost);
  }
}
