import {
  shardDescribe,
  type BackupId,
  type Bus,
  type CallContext,
  type CollectionRecord,
  type ShardSnapshot,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';

/** A collection that a restore has made: its record, what was stored of its shards, and the record that it replaced. */
export type Made = {
  readonly backup: BackupId;
  readonly record: CollectionRecord;
  readonly shards: readonly ShardSnapshot[];
  readonly replaced: CollectionRecord | undefined;
};

type Wanted = { readonly up_to: number; readonly stored: ShardSnapshot | null | undefined };

/** The state that a collection will begin with, against what was asked for; nobody can have written to it yet. */
export function checkBuilt(built: ShardSnapshot, { up_to, stored }: Wanted): void {
  const { shard, sequence, points, state_hash } = built;
  const unchanged = stored?.sequence !== up_to || (points === stored.points && state_hash === stored.state_hash);
  if (sequence === up_to && unchanged) return;
  throw mismatch(`shard ${shard} did not come to what the snapshot says`, {
    expected: { up_to, stored },
    found: built,
  });
}

/**
 * Every replica holds what was stored, point for point; how many were compared. One that has taken a write since is
 * beyond that: it verified what it fetched by the same hash before it began. A collection of which nothing at all can be
 * compared is refused.
 */
export async function compareReplicas(bus: Bus, { record, shards }: Made, context: () => CallContext): Promise<number> {
  if (shards.length === 0 || shards.length !== record.placement.length) {
    throw new Failure('internal_error', `${shards.length} of ${record.placement.length} shards can be compared`);
  }
  let compared = 0;
  for (const { shard, sequence, points, state_hash } of shards) {
    for (const node of record.placement[shard] ?? []) {
      const report = await bus.call(shardDescribe, { uid: record.uid, shard }, { context: context(), instance: node });
      if (report.applied_sequence > sequence) continue;
      if (report.applied_sequence < sequence || report.points !== points || report.state_hash !== state_hash) {
        const details = { expected: { sequence, points, state_hash }, found: report };
        throw mismatch(`shard ${shard} on ${node} is not what the snapshot says`, details);
      }
      compared += 1;
    }
  }
  return compared;
}

/** Tells what was compared and differs from what could not be compared. */
export function isMismatch(cause: unknown): boolean {
  return cause instanceof Failure && cause.details['mismatch'] === true;
}

function mismatch(message: string, details: Record<string, unknown>): Failure {
  return new Failure('storage_error', message, { details: { ...details, mismatch: true } });
}
