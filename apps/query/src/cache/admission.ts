/** So many answers in a row that were computed, and none found, and only what is asked again is kept. */
const UNUSED_MAX = 1_000;
const SLOTS = 2 ** 16;
/** A key is a digest: so many of its characters tell it from others well enough. */
const CHARACTERS = 8;

/**
 * Which answers are worth keeping: all, as long as kept ones are found now and then. When none was for long, those of
 * searches that come a second time. What nobody asks for again would push out what somebody may, and to keep it costs more
 * than all else about a miss.
 */
export class Admission {
  /** The searches of late, each where its key leads, until another one's leads there. */
  readonly #asked = new Uint32Array(SLOTS);
  #unused = 0;

  /** Whether answers are found now and then. */
  get isOfUse(): boolean {
    return this.#unused < UNUSED_MAX;
  }

  /** A kept answer was found. */
  found(): void {
    this.#unused = 0;
  }

  /** A search had to be computed; answers whether it had to be before, lately. */
  computed(key: string): boolean {
    const mark = markOf(key);
    const slot = mark % SLOTS;
    const again = this.#asked[slot] === mark;
    this.#asked[slot] = mark;
    this.#unused += 1;
    return again;
  }
}

function markOf(key: string): number {
  let mark = 0;
  for (let i = 0; i < CHARACTERS; i++) mark = Math.imul(mark, 31) + key.charCodeAt(i);
  return mark >>> 0;
}
