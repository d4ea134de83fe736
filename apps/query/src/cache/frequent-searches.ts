import type { CollectionUid, SearchSpec } from '@vectorizer/contracts';

export type Frequent = { readonly uid: CollectionUid; readonly spec: SearchSpec };
type Counted = { readonly search: Frequent; count: number };

/** So many times what is asked for is counted, so that a newcomer has time to show that it is frequent. */
const ROOM = 4;

/** Which searches are asked most often; those that are asked no more are forgotten by and by. */
export class FrequentSearches {
  readonly #max: number;
  readonly #counted = new Map<string, Counted>();

  constructor(max: number) {
    this.#max = max;
  }

  note(key: string, search: Frequent): void {
    const counted = this.#counted.get(key);
    if (counted !== undefined) {
      counted.count += 1;
      return;
    }
    if (this.#counted.size >= ROOM * this.#max) this.#halve();
    this.#counted.set(key, { search, count: 1 });
  }

  /** The most frequent first. */
  top(): Frequent[] {
    return this.#sorted()
      .slice(0, this.#max)
      .map(([, { search }]) => search);
  }

  /** The rarer half is forgotten; of the others half of what was counted counts on. */
  #halve(): void {
    for (const [place, [key, counted]] of this.#sorted().entries()) {
      if (place >= (ROOM * this.#max) / 2) this.#counted.delete(key);
      else counted.count /= 2;
    }
  }

  #sorted(): [string, Counted][] {
    return [...this.#counted].toSorted(([, a], [, b]) => b.count - a.count);
  }
}
