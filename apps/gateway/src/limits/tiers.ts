import type { RedisConfig } from '@vectorizer/frame';
import { Rate, TierName, type KeyRate } from '@vectorizer/contracts';
import { z } from 'zod';

/** What keys of a tier may; `null` is without limit. A write costs as many as it has points. */
const Tier = z.strictObject({ read: Rate.nullable(), write: Rate.nullable() });
export const Tiers = z.record(TierName, Tier);
export type Tiers = z.infer<typeof Tiers>;

const both = (per_s: number): z.infer<typeof Tier> => {
  const rate = { per_s, burst: 2 * per_s };
  return { read: rate, write: rate };
};

/** What there is unless it is set otherwise; every key that names no other is of the first. */
export const TIERS = {
  default: both(100),
  premium: both(500),
  enterprise: both(1_000),
  unlimited: { read: null, write: null },
} satisfies Tiers;

/** A key's own rate before its tier's, and the default for a tier that this gateway does not know. */
export function rateOf(tiers: Tiers, rate: KeyRate | undefined, effect: 'read' | 'write'): Rate | null {
  const own = rate?.[effect];
  if (own !== undefined) return own;
  const tier = tiers[rate?.tier ?? 'default'] ?? tiers['default'] ?? TIERS.default;
  return tier[effect];
}

export type LimitSettings = {
  /** Where gateways share what keys have used up; undefined: each counts alone. */
  readonly redis: RedisConfig | undefined;
  readonly tiers: Tiers;
};
export const LIMITS: LimitSettings = { redis: undefined, tiers: TIERS };
