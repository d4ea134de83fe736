import { CollectionUid, fromOpaque, PointId, Sequences, type CollectionRecord } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { invalidField } from '@vectorizer/frame';
import { endReaching, refuseAhead, type Log } from '@vectorizer/log';
import { z } from 'zod';

/**
 * How far a follower has come: it has been told of every entry up to these, shard by shard. While it is still being told
 * of the points that were there first, `points` is the id of the last of those; empty before the first.
 */
export type Position = { readonly sequences: Sequences; readonly points?: string };

/** A token is one, too. */
const Text = z.strictObject({ u: CollectionUid, s: Sequences, p: z.union([z.literal(''), PointId]).optional() });
const List = z
  .string()
  .regex(/^\d{1,15}(,\d{1,15})*$/)
  .transform((text) => text.split(',').map(Number));

/** Opaque to clients, and safe in headers and queries. */
export function textOf(uid: CollectionUid, { sequences, points }: Position): string {
  const position = { u: uid, s: sequences, ...(points !== undefined && { p: points }) };
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** The position that a client came to before. Throws `invalid_token` for what is none of this collection. */
export function positionIn(text: string, { uid, config }: CollectionRecord): Position {
  const { u, s, p } = decode(text);
  if (u !== uid) {
    throw new Failure('invalid_token', 'the position is of another collection, or of an earlier one of this name');
  }
  if (s.length > config.shards) throw new Failure('invalid_token', 'the position names more shards than there are');
  const sequences = Array.from({ length: config.shards }, (_, shard) => s[shard] ?? 0);
  return { sequences, ...(p !== undefined && { points: p }) };
}

function decode(text: string): z.output<typeof Text> {
  try {
    return Text.parse(fromOpaque(text));
  } catch (cause) {
    throw new Failure('invalid_token', 'not a position in the changes of a collection', { cause });
  }
}

type LogEnd = { readonly created: string; readonly firstSequence: number; readonly lastSequence: number };
export type Start = { readonly position: Position; readonly created: readonly string[] };

/**
 * Where to begin: `now`, `start`, after the sequences of a list, or at a position. Throws `changes_gone` when the log no
 * longer holds the entry that is next, and `token_ahead` when it does not have what the client has seen, nor is found to
 * when its leader may know better a moment later. `anew` is for those who are told of the present state whenever they come:
 * it has them begin no later than they ask for.
 */
export async function startAt(
  from: string,
  collection: CollectionRecord,
  { log, anew }: { readonly log: Pick<Log, 'state'>; readonly anew: boolean },
): Promise<Start> {
  const { uid, config } = collection;
  const asked = from === 'now' || from === 'start' ? undefined : askedIn(from, collection);
  const shards = Array.from({ length: config.shards }, (_, shard) => shard);
  const ends = await Promise.all(
    shards.map(async (shard) => endReaching(asked?.sequences[shard] ?? 0, async () => log.state(uid, shard))),
  );
  const created = ends.map((end) => end.created);
  const sequences = ends.map(({ lastSequence }) => lastSequence);
  if (asked !== undefined) {
    for (const [shard, end] of ends.entries()) refuseAhead({ shard, demanded: asked.sequences[shard] ?? 0 }, end);
    if (anew)
      return {
        position: { sequences: ends.map((end, shard) => atLeastHeld(asked.sequences[shard] ?? 0, end)) },
        created,
      };
    for (const [shard, end] of ends.entries()) checkHeld(shard, asked.sequences[shard] ?? 0, end);
    return { position: asked, created };
  }
  if (anew) return { position: { sequences }, created };
  return { position: { sequences, ...(from === 'start' && { points: '' }) }, created };
}

function askedIn(from: string, collection: CollectionRecord): Position {
  const list = List.safeParse(from);
  if (!list.success) return positionIn(from, collection);
  const { shards } = collection.config;
  if (list.data.length === shards) return { sequences: list.data };
  throw invalidField('from', `expected a sequence for each of ${shards} shards`);
}

/** Who is told of the present state again does not need what was cut off. */
function atLeastHeld(seen: number, { firstSequence }: LogEnd): number {
  return Math.max(seen, firstSequence - 1);
}

function checkHeld(shard: number, seen: number, { firstSequence }: LogEnd): void {
  if (seen + 1 < firstSequence) throw changesGone({ shard, next: seen + 1, first: firstSequence });
}

/** The entries that are next were cut off: only the points that are there now can be told. */
export function changesGone(details: {
  readonly shard: number;
  readonly next: number;
  readonly first: number;
}): Failure {
  const { shard, next, first } = details;
  const message = `entry ${next} of shard ${shard} is no longer in the log, which begins at ${first}; start from the points`;
  return new Failure('changes_gone', message, { details });
}
