import {
  covers,
  type CallContext,
  type CollectionRecord,
  type SearchSpec,
  type Sequences,
} from '@vectorizer/contracts';
import type { Cached } from './cached.ts';

/** What each of the searches came to, in their order. */
export type Searched = readonly Omit<Cached, 'at'>[];

/** A call of searches, and what is known of the states that may answer it. */
export type CacheableCall = {
  readonly record: CollectionRecord;
  readonly searches: readonly SearchSpec[];
  /** The consistency that was asked for demands these. */
  readonly demanded: Sequences;
  /** The newest state that is known to be applied somewhere, at least what is demanded; undefined when that is not known. */
  readonly newest: Sequences | undefined;
  readonly maxStalenessMs: number | undefined;
  /** What was begun up to then (epoch milliseconds) may be of a replica that has turned out to have diverged. */
  readonly doubtedUntil: number;
  readonly bypass: boolean;
  readonly context: CallContext;
  /** Told when it is known that an answer has to be computed. */
  readonly looked: () => void;
  /** Asks the replicas. */
  readonly compute: (searches: readonly SearchSpec[]) => Promise<Searched>;
};

/** Whether an answer is beyond doubt, has all that the call demands, and is as new as it may be at least. */
export function isGoodFor(cached: Cached, call: CacheableCall): boolean {
  const { demanded, newest, maxStalenessMs, doubtedUntil } = call;
  if (cached.at <= doubtedUntil) return false;
  if (newest !== undefined && covers(cached.sequences, newest)) return true;
  if (maxStalenessMs === undefined || !covers(cached.sequences, demanded)) return false;
  const ageMs = Date.now() - cached.at;
  return ageMs >= 0 && ageMs <= maxStalenessMs;
}
