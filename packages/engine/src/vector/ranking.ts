import { byRank } from '@vectorizer/contracts';

/** A found id with its score. */
export type Scored = { readonly id: string; readonly score: number };
/** A found point, as far as an index knows it. */
export type Found = Scored & { readonly version: number };

/** The k best of a stream of candidates, in bounded memory. */
export class TopK {
  readonly #k: number;
  readonly #candidates: Scored[] = [];
  /** The k-th best at the last cut. What ranks below it cannot be among the k best. */
  #last: Scored | undefined;
  #sorted = 0;

  constructor(k: number) {
    this.#k = k;
  }

  offer(id: string, score: number): void {
    if (this.#last !== undefined && byRank({ id, score }, this.#last) > 0) return;
    this.#candidates.push({ id, score });
    if (this.#candidates.length >= this.#k * 2 + SLACK) this.#cut();
  }

  /** A candidate with a lower score cannot be among the k best. */
  get floor(): number {
    this.#cut();
    return this.#last?.score ?? -Infinity;
  }

  /** Best first. */
  result(): Scored[] {
    this.#cut();
    return this.#candidates;
  }

  #cut(): void {
    if (this.#sorted === this.#candidates.length) return;
    this.#candidates.sort(byRank);
    this.#sorted = Math.min(this.#k, this.#candidates.length);
    if (this.#candidates.length < this.#k) return;
    this.#candidates.length = this.#k;
    this.#last = this.#candidates.at(-1);
  }
}

/** Sorting now and then costs less than keeping a heap for small k. */
const SLACK = 64;
