import type { Rate } from '@vectorizer/contracts';

/** What a request asks of a bucket: `need` has to be in it, and `cost` is taken out, but no more than down to `least`. */
export type Draw = { readonly cost: number; readonly need: number; readonly least?: number };
/** What came of it. */
export type Drawn = {
  readonly admitted: boolean;
  /** What is in the bucket now; less than nothing after a batch that was larger than the bucket. */
  readonly tokens: number;
  /** When as much as was needed will be in it; 0 when it was. */
  readonly waitMs: number;
};

/** Parts of tokens add up to whole ones but for this. */
const ROUNDING = 1e-6;

/**
 * A bucket in this process, which fills by the rate and never holds more than the burst. A batch that costs more than a
 * full bucket is let through by a full one, and what it took too much is owed: in the long run the rate holds for it, too.
 */
export class TokenBucket {
  #tokens: number;
  #atMs: number;

  constructor({ burst }: Rate, nowMs: number) {
    this.#tokens = burst;
    this.#atMs = nowMs;
  }

  draw({ per_s, burst }: Rate, { cost, need, least = -Infinity }: Draw, nowMs: number): Drawn {
    const passedMs = Math.max(0, nowMs - this.#atMs);
    this.#tokens = Math.min(burst, this.#tokens + (passedMs * per_s) / 1_000);
    this.#atMs = Math.max(this.#atMs, nowMs);
    const admitted = this.#tokens + ROUNDING >= need;
    const waitMs = admitted ? 0 : Math.ceil(((need - this.#tokens) * 1_000) / per_s);
    if (admitted) this.#tokens = Math.max(this.#tokens - cost, Math.min(this.#tokens, least));
    return { admitted, tokens: this.#tokens, waitMs };
  }

  /** Whether it is as good as a new one. */
  isFull({ per_s, burst }: Rate, nowMs: number): boolean {
    return this.#tokens + ((nowMs - this.#atMs) * per_s) / 1_000 >= burst;
  }
}

/** Of one of this size, so that it can be let through at all. */
export function needOf(cost: number, { burst }: Rate): number {
  return Math.min(cost, burst);
}

/** What is owed after the fact keeps a key out for no longer: whoever asked did not know how much it would be. */
const OWED_S_MAX = 10;

/** Of what was done by the time that its cost is known: it is taken whatever is in the bucket. */
export function owed(cost: number, { per_s }: Rate): Draw {
  return { cost, need: Number.MIN_SAFE_INTEGER, least: -OWED_S_MAX * per_s };
}
