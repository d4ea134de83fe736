import { follow } from './http/follow.ts';
import type { Transport } from './http/transport.ts';
import type { Filter } from './types/filter.ts';
import type { FieldsInput, Point } from './types/points.ts';

export type ChangesInput = FieldsInput & {
  /**
   * `now` unless given; `start` for the points that are there first; the sequences of an answer, or a token, for what came
   * after; or the `position` of an event.
   */
  readonly from?: 'now' | 'start' | (string & {}) | readonly number[] | undefined;
  /** Only points that match; those that no longer do are told as deleted. */
  readonly filter?: Filter | undefined;
  /** Ends the iteration, as closing the client does. */
  readonly signal?: AbortSignal | undefined;
};

/** What became of a point, or of those that matched a filter. Of points that a follower has, the newer stay as they are. */
export type Change =
  | ({ readonly kind: 'upsert' } & Point)
  | { readonly kind: 'delete'; readonly id: string }
  | { readonly kind: 'delete_by_filter'; readonly filter: Filter };

/** Whoever has dealt with an event goes on after it from its `position`. */
export type ChangeEvent = { readonly position: string } & (
  | { readonly event: 'position'; readonly sequences: readonly number[] }
  | { readonly event: 'points'; readonly points: readonly (Point & { readonly shard: number })[] }
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
  { signal, from, filter, ...fields }: ChangesInput,
): AsyncGenerator<ChangeEvent> {
  const query = {
    ...fields,
    from: typeof from === 'object' ? from.join(',') : from,
    filter: filter === undefined ? undefined : JSON.stringify(filter),
  };
  let isFirst = true;
  for await (const { id, event, data } of follow(transport, { path, query, signal })) {
    if (id === undefined) continue;
    // After a resumption it says what is known.
    if (event !== 'position' || isFirst) yield { event, position: id, ...JSON.parse(data) } as ChangeEvent;
    isFirst = false;
  }
}
