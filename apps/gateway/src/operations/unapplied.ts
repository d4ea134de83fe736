import { openEntry, type CollectionUid } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Log } from '@vectorizer/log';

/** Entries of a shard that are looked through, which takes a millisecond each. */
const ENTRIES_MAX = 1_000;

/** Requests that are in a log and that no replica is known to have applied. */
export type Unapplied = {
  readonly sequenceOf: ReadonlyMap<string, number>;
  /** Whether all entries after what is applied were looked through. */
  readonly complete: boolean;
};

/** The requests of the entries after a sequence, or of the newest entries, when that is unknown or too long ago. */
export async function unappliedRequests(
  log: Log,
  {
    uid,
    shard,
    applied,
  }: { readonly uid: CollectionUid; readonly shard: number; readonly applied: number | undefined },
  deadline: number,
): Promise<Unapplied> {
  const { firstSequence, lastSequence } = await log.state(uid, shard);
  const start = Math.max(firstSequence, (applied ?? 0) + 1, lastSequence - ENTRIES_MAX + 1);
  const sequenceOf = new Map<string, number>();
  for (let sequence = start; sequence <= lastSequence; sequence++) {
    if (Date.now() >= deadline) throw new Failure('deadline_exceeded', 'the log was not looked through in time');
    const entry = await log.entryAt(uid, shard, sequence);
    for (const id of entry === undefined ? [] : idsIn(entry.bytes)) {
      if (!sequenceOf.has(id)) sequenceOf.set(id, sequence);
    }
  }
  return { sequenceOf, complete: applied !== undefined && start <= applied + 1 };
}

/** What is no entry, replicas skip too. */
function idsIn(bytes: Uint8Array): string[] {
  try {
    return openEntry(bytes).requests.map(({ id }) => id);
  } catch (cause) {
    if (Failure.from(cause).onReplay === 'skip') return [];
    throw cause;
  }
}
