/** Each newer lookup makes the older ones count this much less. */
const MEMORY = 0.97;
/** Before so many lookups nothing is known, and it is asked. */
const TRIALS = 16;
/** When it does not pay, one lookup in so many is made all the same, to find out when it does. */
const PROBE_EVERY = 32;
/** Weight of the newest answer in the running mean. */
const WEIGHT = 0.1;

/** `again`: of searches that this process was asked for before, lately. */
type Lookup = { readonly again: boolean; readonly tookMs: number; readonly found: number };

/**
 * Whether asking a slower cache first for the answers of one collection is worth its time: what its hits have saved lately must
 * be more than what all lookups have cost. So a cache that is slow, empty or full of other things costs next to nothing. Searches
 * that are new here have an account of their own: nobody else may have asked for them either, however often others are found.
 */
export class Worth {
  readonly #ofNew = new Account();
  readonly #ofKnown = new Account();
  #lookups = 0;
  #lookupMs = 0;
  #computeMs = 0;

  /** What computing one answer takes; 0 while that is not known. */
  get computeMs(): number {
    return this.#computeMs;
  }

  /** What a lookup takes lately; 0 before the first. */
  get lookupMs(): number {
    return this.#lookupMs;
  }

  /** Whether lookups pay, as far as is known. */
  pays(again: boolean): boolean {
    return this.#accountOf(again).pays;
  }

  /** To be asked once for each lookup that could be made. */
  decide(again: boolean): boolean {
    return this.#accountOf(again).decide();
  }

  computed(tookMs: number): void {
    this.#computeMs += this.#computeMs === 0 ? tookMs : WEIGHT * (tookMs - this.#computeMs);
  }

  looked({ again, tookMs, found }: Lookup): void {
    this.#lookups += 1;
    // Of few all count alike: the first may have waited for a connection, and would be remembered for long.
    const weight = Math.max(1 / this.#lookups, 1 - MEMORY);
    this.#lookupMs += weight * (tookMs - this.#lookupMs);
    this.#accountOf(again).book({ spentMs: tookMs, savedMs: found * this.#computeMs });
  }

  #accountOf(again: boolean): Account {
    return again ? this.#ofKnown : this.#ofNew;
  }
}

/** What lookups of one sort have cost and saved lately. */
class Account {
  #savedMs = 0;
  #spentMs = 0;
  #trials = 0;
  #skipped = 0;

  get pays(): boolean {
    return this.#trials < TRIALS || this.#savedMs >= this.#spentMs;
  }

  decide(): boolean {
    if (this.pays) return true;
    this.#skipped = (this.#skipped + 1) % PROBE_EVERY;
    return this.#skipped === 0;
  }

  book({ spentMs, savedMs }: { readonly spentMs: number; readonly savedMs: number }): void {
    this.#trials += 1;
    this.#spentMs = MEMORY * this.#spentMs + spentMs;
    this.#savedMs = MEMORY * this.#savedMs + savedMs;
  }
}
