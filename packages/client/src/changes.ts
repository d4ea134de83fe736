import type { Filter } from '@vectorizer/contracts';
import { eventsIn, type ServerSentEvent } from './server-sent-events.ts';
import type { Transport } from './transport.ts';
import type { Point } from './types.ts';
import { VectorizerError } from './vectorizer-error.ts';

export type ChangesInput = {
  /**
   * `now` unless given; `start` for the points that are there first; the sequences of an answer, or a token, for what came
   * after; or the `position` of an event.
   */
  readonly from?: 'now' | 'start' | (string & {}) | readonly number[];
  /** Only points that match; those that no longer do are told as deleted. */
  readonly filter?: Filter;
  readonly with_payload?: boolean;
  readonly with_vector?: boolean;
  /** Ends the iteration, as closing the client does. */
  readonly signal?: AbortSignal;
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

/** Without an event for so long while no gateway can be reached, following fails. */
const AWAY_MS_MAX = 60_000;

/** The events of a collection, one after another; over the loss of a connection or a gateway it goes on where it was. */
export async function* followChanges(
  transport: Transport,
  path: string,
  { signal: given, ...asked }: ChangesInput,
): AsyncGenerator<ChangeEvent> {
  const query = queryOf(asked);
  const signal = given === undefined ? transport.closing : AbortSignal.any([given, transport.closing]);
  const isEnded = (): boolean => signal.aborted;
  let position: string | undefined;
  let attempt = 0;
  let heardMs = performance.now();
  while (!isEnded()) {
    try {
      for await (const event of eventsIn(
        transport.stream({ path: `${path}?${query}`, lastEventId: position, signal }),
      )) {
        if (event.event === 'error') throw failureIn(event);
        heardMs = performance.now();
        attempt = 0;
        if (event.id === undefined || event.id === position) continue;
        const isFirst = position === undefined;
        position = event.id;
        // After a resumption it says what is known.
        if (event.event !== 'position' || isFirst)
          yield { event: event.event, position, ...JSON.parse(event.data) } as ChangeEvent;
      }
    } catch (error) {
      if (isEnded()) return;
      const isOver = performance.now() - heardMs > AWAY_MS_MAX;
      if (!(error instanceof VectorizerError) || !error.retryable || isOver) throw error;
    }
    attempt += 1;
    await transport.pause(attempt, signal).catch(() => undefined);
  }
}

function queryOf({ from, filter, with_payload, with_vector }: Omit<ChangesInput, 'signal'>): string {
  const query = new URLSearchParams();
  if (from !== undefined) query.set('from', typeof from === 'string' ? from : from.join(','));
  if (filter !== undefined) query.set('filter', JSON.stringify(filter));
  if (with_payload !== undefined) query.set('with_payload', String(with_payload));
  if (with_vector !== undefined) query.set('with_vector', String(with_vector));
  return query.toString();
}

function failureIn({ data }: ServerSentEvent): VectorizerError {
  const { status_code: status } = JSON.parse(data) as { readonly status_code: number };
  return VectorizerError.answer(status, data);
}
