import { z } from 'zod';
import { limits } from './limits.ts';
import { CollectionPatterns, EventPatterns } from './patterns.ts';
import { RoleName } from './permissions.ts';

/** Names a key for its life; it is the part of the key that may be shown. */
export const KeyId = z.string().regex(/^[a-z0-9]{12}$/, 'expected 12 lower-case letters and digits');
export type KeyId = z.infer<typeof KeyId>;

const Hash = z.string().regex(/^[0-9a-f]{64}$/);

/** A token bucket: so much each second in the long run, so much at once. */
export const Rate = z.strictObject({
  per_s: z.number().positive().max(1_000_000),
  burst: z.int().positive().max(10_000_000),
});
export type Rate = z.infer<typeof Rate>;
export const TierName = z.string().regex(/^[a-z][a-z0-9_-]{0,31}$/, 'expected the name of a tier');
/** What keys of each tier may; `null` is without limit. A write costs as many as it has points. */
export const RateTiers = z.record(TierName, z.strictObject({ read: Rate.nullable(), write: Rate.nullable() }));
export type RateTiers = z.infer<typeof RateTiers>;
/** Of one key: a tier, and what differs from it. */
export const KeyRate = z.strictObject({
  tier: TierName.default('default'),
  read: Rate.optional(),
  write: Rate.optional(),
});
export type KeyRate = z.infer<typeof KeyRate>;

/** A key as it is stored: of the key itself only what it can be recognised by. */
export const KeyRecord = z.object({
  v: z.literal(1),
  id: KeyId,
  name: z.string(),
  /** SHA-256 of the whole key. */
  hash: Hash,
  /** What the key was before it was last rotated, and until when that is still good. */
  previous: z.object({ hash: Hash, until: z.iso.datetime() }).nullable(),
  roles: z.array(RoleName),
  collections: CollectionPatterns,
  events: EventPatterns,
  rate: KeyRate,
  created_at: z.iso.datetime(),
  created_by: z.string(),
  rotated_at: z.iso.datetime().nullable(),
  expires_at: z.iso.datetime().nullable(),
  revoked_at: z.iso.datetime().nullable(),
});
export type KeyRecord = z.infer<typeof KeyRecord>;

/** How much a key was used; written now and then, by every process that sees it. */
export const KeyUsage = z.object({
  v: z.literal(1),
  id: KeyId,
  requests: z.int().nonnegative(),
  last_used_at: z.iso.datetime(),
  /** Of the newest addition, so that one whose answer was lost is not added twice. */
  addition: z.string(),
});
export type KeyUsage = z.infer<typeof KeyUsage>;

const Name = z
  .string()
  .min(1, 'must not be empty')
  .max(limits.keyNameCharactersMax)
  .refine((text) => !/\p{Cc}/u.test(text) && text.isWellFormed(), 'must be text without control characters');
const Roles = z.array(RoleName).min(1, 'must not be empty').max(limits.keyRolesMax);

export const NewKeyBody = z.strictObject({
  name: Name,
  roles: Roles,
  /** Left out: every collection. Empty: none. */
  collections: CollectionPatterns.default(['*']),
  events: EventPatterns.default([]),
  rate: KeyRate.default({ tier: 'default' }),
  /** Seconds from now. */
  expires_in: z.int().min(1).max(limits.keyLifeSecondsMax).optional(),
});
export type NewKey = z.output<typeof NewKeyBody>;

export const RotateKeyBody = z.strictObject({
  /** How long the key that is replaced stays good. */
  grace_s: z.int().min(0).max(limits.keyGraceSecondsMax).default(300),
});
