import { follow, type Followed } from './http/follow.ts';
import type { Transport } from './http/transport.ts';
import type { Filter } from './types/filter.ts';
import type { FieldsInput, Point, VectorInput } from './types/points.ts';
import type { Hit } from './types/search.ts';
import { withWireVector } from './wire-vector.ts';

/** With exactly one of the three bounds. */
export type NearInput = {
  readonly vector: VectorInput;
  /** The largest distance: Euclidean, or 1 − cosine. */
  readonly radius?: number | undefined;
  readonly score_threshold?: number | undefined;
  /** The nearest so many. */
  readonly k?: number | undefined;
  /** Of the searches that it takes to know who is near. */
  readonly exact?: boolean | undefined;
};

export type ChangesInput = FieldsInput & {
  /**
   * `now` unless given; `start` for the points that are there first; the sequences of an answer, or a token, for what came
   * after; or the `position` of an event.
   */
  readonly from?: 'now' | 'start' | (string & {}) | readonly number[] | undefined;
  /** Only points that match; those that no longer do are told as deleted. */
  readonly filter?: Filter | undefined;
  /** Only points that come near a vector, change there, or go; it begins with those that are. */
  readonly near?: NearInput | undefined;
  /** Ends the iteration, as closing the client does. */
  readonly signal?: AbortSignal | undefined;
};

/** What became of a point, or of those that matched a filter. Of points that a follower has, the newer stay as they are. */
export type Change =
  | ({ readonly kind: 'upsert' } & Point)
  | { readonly kind: 'delete'; readonly id: string }
  | { readonly kind: 'delete_by_filter'; readonly filter: Filter }
  /** With `near`: it has come, or has changed where it is; it has gone. */
  | ({ readonly kind: 'enter' | 'update' } & Hit)
  | { readonly kind: 'leave'; readonly id: string };

/** Whoever has dealt with an event goes on after it from its `position`. */
export type ChangeEvent = { readonly position: string } & (
  | { readonly event: 'position'; readonly sequences: readonly number[] }
  | { readonly event: 'points'; readonly points: readonly (Point & { readonly shard: number })[] }
  /** With `near`: all that are. It comes again after a resumption, and takes the place of what was told before. */
  | { readonly event: 'members'; readonly sequences: readonly number[]; readonly members: readonly Hit[] }
  | { readonly event: 'caught-up'; readonly sequences: readonly number[] }
  | {
      readonly event: 'change';
      readonly shard: number;
      readonly sequence: number;
      readonly at: string;
      readonly changes: readonly Change[];
    }
);

/** The events of a collection, one after another; over the loss of a connection or a gateway it goes on where it was. */
export async function* followChanges(
  transport: Transport,
  path: string,
  { signal, ...asked }: ChangesInput,
): AsyncGenerator<ChangeEvent> {
  let isFirst = true;
  for await (const { id, event, data } of follow(transport, { path, ...sent(asked), signal })) {
    if (id === undefined) continue;
    // After a resumption it says what is known.
    if (event !== 'position' || isFirst) yield { event, position: id, ...JSON.parse(data) } as ChangeEvent;
    isFirst = false;
  }
}

function sent({
  from: given,
  filter,
  near,
  ...fields
}: Omit<ChangesInput, 'signal'>): Pick<Followed, 'query' | 'body'> {
  const from = typeof given === 'object' ? given.join(',') : given;
  if (near !== undefined) return { body: { ...fields, from, filter, near: withWireVector(near) } };
  return { query: { ...fields, from, filter: filter === undefined ? undefined : JSON.stringify(filter) } };
}
