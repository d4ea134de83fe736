import { recall, type Truth } from '../data/dataset.ts';
import { quantile, type Spread } from '../outcome/statistics.ts';
import { K } from '../setting.ts';
import type { Measured } from './search-loop.ts';

/** One way of searching, round by round. */
export class Series {
  readonly perSecond: number[] = [];
  readonly p50Ms: number[] = [];
  readonly p99Ms: number[] = [];
  readonly #truth: Truth;
  readonly #found = new Map<number, readonly number[]>();

  constructor(truth: Truth) {
    this.#truth = truth;
  }

  add({ perSecond, latenciesMs, found }: Measured): void {
    this.perSecond.push(perSecond);
    this.p50Ms.push(quantile(latenciesMs, 0.5));
    this.p99Ms.push(quantile(latenciesMs, 0.99));
    for (const [query, rows] of found) this.#found.set(query, rows);
  }

  get recall(): number {
    return recall(this.#truth, this.#found, K);
  }

  with(measured: Spread): Spread & { readonly recall: number } {
    return { ...measured, recall: this.recall };
  }
}
