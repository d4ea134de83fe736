import type { KeyRate, Rate, RateTiers } from '@vectorizer/contracts';
import type { Logger } from '@vectorizer/telemetry';
import type { SharedBuckets } from './shared-buckets.ts';
import { rateOf } from './tiers.ts';
import { needOf, owed, TokenBucket, type Draw, type Drawn } from './token-bucket.ts';

/** As many buckets as keys can have; those that have filled up go first when there are more. */
const LOCAL_MAX = 20_000;
/** Redis that gave no answer is not asked again for so long: requests would wait for it one by one. */
const AWAY_MS = 2_000;

export type Asked = {
  /** Whose: only good keys and tokens have buckets, so nobody makes any by inventing keys. */
  readonly who: string;
  readonly rate: KeyRate | undefined;
  readonly effect: 'read' | 'write';
  /** 0 only looks whether there is anything left. */
  readonly cost: number;
  /** It was done by the time that its cost is known, and is not asked whether it may. */
  readonly done?: boolean;
};
export type Verdict = Drawn & { readonly rate: Rate };

/** Buckets shared over Redis, and while that is away, or missing, in this process. */
export class RateLimiter {
  readonly #tiers: RateTiers;
  readonly #shared: SharedBuckets | undefined;
  readonly #logger: Logger;
  readonly #local = new Map<string, { readonly bucket: TokenBucket; readonly rate: Rate }>();
  #awayUntilMs = -Infinity;

  constructor(options: {
    readonly tiers: RateTiers;
    readonly shared: SharedBuckets | undefined;
    readonly logger: Logger;
  }) {
    this.#tiers = options.tiers;
    this.#shared = options.shared;
    this.#logger = options.logger;
  }

  /** Undefined where there is no limit. */
  async draw({ who, rate: given, effect, cost, done = false }: Asked): Promise<Verdict | undefined> {
    const rate = rateOf(this.#tiers, given, effect);
    if (rate === null) return undefined;
    const draw = done ? owed(cost, rate) : { cost, need: needOf(Math.max(cost, 1), rate) };
    const key = `${effect}:${who}`;
    const drawn = (await this.#drawShared(key, rate, draw)) ?? this.#drawLocal(key, rate, draw);
    return { ...drawn, rate };
  }

  close(): void {
    this.#shared?.close();
  }

  async #drawShared(key: string, rate: Rate, draw: Draw): Promise<Drawn | undefined> {
    if (this.#shared === undefined || performance.now() < this.#awayUntilMs) return undefined;
    try {
      return await this.#shared.draw(key, rate, draw);
    } catch (error) {
      if (performance.now() >= this.#awayUntilMs) {
        this.#logger.warn({ err: error }, 'rates are limited by each gateway alone while Redis is away');
      }
      this.#awayUntilMs = performance.now() + AWAY_MS;
      return undefined;
    }
  }

  #drawLocal(key: string, rate: Rate, draw: Draw): Drawn {
    const nowMs = performance.now();
    let kept = this.#local.get(key);
    if (kept === undefined || kept.rate.burst !== rate.burst || kept.rate.per_s !== rate.per_s) {
      if (this.#local.size >= LOCAL_MAX) this.#sweep(nowMs);
      kept = { bucket: new TokenBucket(rate, nowMs), rate };
      this.#local.set(key, kept);
    }
    return kept.bucket.draw(rate, draw, nowMs);
  }

  #sweep(nowMs: number): void {
    for (const [key, { bucket, rate }] of this.#local) if (bucket.isFull(rate, nowMs)) this.#local.delete(key);
    const [oldest] = this.#local.keys();
    if (this.#local.size >= LOCAL_MAX && oldest !== undefined) this.#local.delete(oldest);
  }
}
