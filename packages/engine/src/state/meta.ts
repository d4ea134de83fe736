import { z } from 'zod';
import { CHAIN_START, Metric } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { damaged } from '../snapshot/damaged.ts';
import { StateHash } from './state-hash.ts';

/** An older release refuses a store that was written in a newer format. */
const FORMAT = 3;

const Count = z.int().nonnegative();
const Hex = z.string().regex(/^[0-9a-f]{64}$/);

/** What a replica knows about itself at one sequence; written in the same transaction as the points of that sequence. */
export const ShardMeta = z.object({
  /** Of the whole store. What the earlier ones say, this says alike; since 2 points may have their digests, since 3 requests. */
  format: z.literal([1, 2, FORMAT]).transform((): typeof FORMAT => FORMAT),
  dimension: Count,
  metric: Metric,
  sequence: Count,
  chain: Hex,
  /** SHA-256 of the last applied entry; tells a replaced log from a continued one. */
  digest: Hex,
  /** When the log was created, as the log server says; null until it is known. */
  created: z.string().nullable(),
  state_hash: Hex,
  points: Count,
  bytes_received: Count,
  entries_applied: Count,
  operations_applied: Count,
  entries_rejected: Count,
  last_applied_at: z.string().nullable(),
});
export type ShardMeta = z.infer<typeof ShardMeta>;

export function firstMeta(identity: Pick<ShardMeta, 'dimension' | 'metric'>): ShardMeta {
  return {
    format: FORMAT,
    ...identity,
    sequence: 0,
    chain: CHAIN_START,
    digest: CHAIN_START,
    created: null,
    state_hash: StateHash.empty().toHex(),
    points: 0,
    bytes_received: 0,
    entries_applied: 0,
    operations_applied: 0,
    entries_rejected: 0,
    last_applied_at: null,
  };
}

export function encodeMeta(meta: ShardMeta): Buffer {
  return Buffer.from(JSON.stringify(meta));
}

/** Of a store that a newer release wrote: nothing is wrong with it. */
const NewerMeta = z.object({ format: z.int().gt(FORMAT) });

/**
 * A store that cannot be read as ours is refused, not repaired: if it is damaged the replica can be built anew, while one of
 * a newer release waits for that release.
 */
export function decodeMeta(bytes: Buffer): ShardMeta {
  try {
    return ShardMeta.parse(JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    const reason = 'the store of a replica is not readable by this version';
    throw isNewer(bytes) ? new Failure('storage_error', reason, { cause }) : damaged(reason, cause);
  }
}

function isNewer(bytes: Buffer): boolean {
  try {
    return NewerMeta.safeParse(JSON.parse(bytes.toString('utf8'))).success;
  } catch {
    return false;
  }
}
