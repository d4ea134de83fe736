import { Failure } from '@vectorizer/errors';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Turns } from '../apply/turns.ts';
import type { ShardMeta } from '../state/meta.ts';
import type { Snapshot } from '../state/snapshot.ts';
import { digestOf, StateHash } from '../state/state-hash.ts';
import { damaged, isDamaged } from './damaged.ts';
import { Pace } from './pace.ts';

export type CheckOptions = {
  readonly turns: Turns;
  readonly signal?: AbortSignal | undefined;
  /** At full speed: nobody else waits for this thread. */
  readonly hurried?: boolean;
  /** How long it may take; there is no hurry unless this says so. */
  readonly withinMs?: number;
};

/**
 * Reads every point and every remembered request of a snapshot and compares what the points come to with what the state
 * says of itself at that sequence. A flipped bit of an id, a version, a vector or a payload changes the sum; each request
 * has a digest of its own. It takes a fifth of the time; up to a half, to be through within `withinMs`.
 */
export async function checkState(
  snapshot: Snapshot,
  meta: Pick<ShardMeta, 'state_hash' | 'points'>,
  options: CheckOptions,
): Promise<void> {
  const sum = StateHash.empty();
  let points = 0;
  const pace = new Pace(meta.points, options.withinMs ?? Infinity);
  await walkThrough(snapshot.points(), { ...options, pace }, ({ id, record }) => {
    const digest = digestOf(id, record);
    if (record.digest !== undefined && record.digest !== digest) throw damaged(`point ${id} is not what was written`);
    sum.add(digest);
    points += 1;
  });
  if (points !== meta.points) throw damaged(`${points} points are stored, where there should be ${meta.points}`);
  const found = sum.toHex();
  if (found !== meta.state_hash)
    throw damaged(`what is stored comes to ${found}, where it should be ${meta.state_hash}`);
  await walkThrough(snapshot.requests(), { ...options, pace: new Pace(0, Infinity) }, () => undefined);
}

/** In slices, with rests between them. */
async function walkThrough<T>(
  walk: Iterator<T>,
  { turns, signal, hurried = false, pace }: CheckOptions & { readonly pace: Pace },
  see: (found: T) => void,
): Promise<void> {
  let sliceStart = performance.now();
  let sliceMs = turns.sliceMs;
  let seen = 0;
  for (;;) {
    const next = nextOf(walk);
    if (next.done === true) return;
    see(next.value);
    seen += 1;
    const worked = performance.now() - sliceStart;
    if (worked < sliceMs) continue;
    if (!hurried) await sleep(pace.restMs(worked, seen), undefined, { ref: false });
    await turns.next('patient');
    signal?.throwIfAborted();
    sliceMs = turns.sliceMs;
    sliceStart = performance.now();
  }
}

/** A record that cannot be decoded, and a page that LMDB cannot make sense of, are damage too. */
function nextOf<T>(walk: Iterator<T>): IteratorResult<T> {
  try {
    return walk.next();
  } catch (cause) {
    if (cause instanceof Failure && isDamaged(cause)) throw cause;
    throw damaged(`what is stored cannot be read: ${Failure.from(cause).message}`, cause);
  }
}
