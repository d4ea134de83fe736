import { seededRandom, type SeededRandom } from './seeded-random.ts';

/** Randomness that starts anew at each step of a trial, so that a step draws the same whatever came before it. */
export class Reseedable implements SeededRandom {
  #current = seededRandom(0);

  get seed(): number {
    return this.#current.seed;
  }

  reseed(seed: number): void {
    this.#current = seededRandom(seed);
  }

  uniform(): number {
    return this.#current.uniform();
  }

  gaussian(): number {
    return this.#current.gaussian();
  }

  int(bound: number): number {
    return this.#current.int(bound);
  }

  pick<T>(items: readonly T[]): T {
    return this.#current.pick(items);
  }

  vector(dimension: number): Float32Array {
    return this.#current.vector(dimension);
  }
}
