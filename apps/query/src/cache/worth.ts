/** Each newer lookup makes the older ones count this much less. */
const MEMORY = 0.97;
/** Before so many lookups nothing is known, and it is asked. */
const TRIALS = 16;
/** When it does not pay, one lookup in so many is made all the same, to find out when it does. */
const PROBE_EVERY = 32;

/**
 * Whether asking a slower cache first is worth its time: what its hits have saved lately must be more than what all
 * lookups have cost. So a cache that is slow, empty or full of other things costs next to nothing.
 */
export class Worth {
  #savedMs = 0;
  #spentMs = 0;
  #trials = 0;
  #skipped = 0;
  #lookupMs = 0;

  /** What a lookup takes lately; 0 before the first. */
  get lookupMs(): number {
    return this.#lookupMs;
  }

  /** Whether lookups pay, as far as is known. */
  get pays(): boolean {
    return this.#trials < TRIALS || this.#savedMs >= this.#spentMs;
  }

  /** To be asked once for each lookup that could be made. */
  decide(): boolean {
    if (this.pays) return true;
    this.#skipped = (this.#skipped + 1) % PROBE_EVERY;
    return this.#skipped === 0;
  }

  looked({ tookMs, savedMs }: { readonly tookMs: number; readonly savedMs: number }): void {
    this.#trials += 1;
    // Of few all count alike: the first may have waited for a connection, and would be remembered for long.
    const weight = Math.max(1 / this.#trials, 1 - MEMORY);
    this.#lookupMs += weight * (tookMs - this.#lookupMs);
    this.#spentMs = MEMORY * this.#spentMs + tookMs;
    this.#savedMs = MEMORY * this.#savedMs + savedMs;
  }
}
