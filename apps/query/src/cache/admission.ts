/** So many answers in a row that were computed, and none found, and only what is asked again is kept. */
const UNUSED_MAX = 1_000;
const SLOTS = 2 ** 16;

/**
 * Which answers are worth keeping: all, as long as kept ones are found now and then. When none was for long, those of
 * searches that come a second time. What nobody asks for again would push out what somebody may, and to keep it costs more
 * than all else about a miss.
 */
export class Admission {
  /** The marks of late searches, each where it leads, until another one leads there. */
  readonly #asked = new Int32Array(SLOTS);
  #unused = 0;

  /** Whether answers are found now and then. */
  get isOfUse(): boolean {
    return this.#unused < UNUSED_MAX;
  }

  /** A kept answer was found. */
  found(): void {
    this.#unused = 0;
  }

  /** The search of a mark is not in memory; answers whether it was asked for before, lately. */
  asked(mark: number): boolean {
    const slot = (mark ^ (mark >>> 16)) & (SLOTS - 1);
    const again = this.#asked[slot] === mark;
    this.#asked[slot] = mark;
    return again;
  }

  /** An answer had to be computed. */
  computed(): void {
    this.#unused += 1;
  }
}
