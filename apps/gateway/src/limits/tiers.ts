import type { RedisConfig } from '@vectorizer/frame';
import type { KeyRate, Rate, RateTiers } from '@vectorizer/contracts';

const both = (per_s: number): RateTiers[string] => {
  const rate = { per_s, burst: 2 * per_s };
  return { read: rate, write: rate };
};

/** What there is unless it is set otherwise; every key that names no other is of the first. */
export const TIERS = {
  default: both(100),
  premium: both(500),
  enterprise: both(1_000),
  unlimited: { read: null, write: null },
} satisfies RateTiers;

/** A key's own rate before its tier's, and the default for a tier that this gateway does not know. */
export function rateOf(tiers: RateTiers, rate: KeyRate | undefined, effect: 'read' | 'write'): Rate | null {
  const own = rate?.[effect];
  if (own !== undefined) return own;
  const tier = tiers[rate?.tier ?? 'default'] ?? tiers['default'] ?? TIERS.default;
  return tier[effect];
}

export type LimitSettings = {
  /** Where gateways share what keys have used up; undefined: each counts alone. */
  readonly redis: RedisConfig | undefined;
  readonly tiers: RateTiers;
};
export const LIMITS: LimitSettings = { redis: undefined, tiers: TIERS };
