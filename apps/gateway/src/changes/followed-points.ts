import {
  limits,
  read,
  scroll,
  search,
  type Bus,
  type CallContext,
  type CollectionUid,
  type Filter,
  type Hit,
  type PointId,
  type PointView,
  type ScrollAnswer,
  type SearchSpec,
  type Sequences,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { later } from '../sessions.ts';

/** What a follower wants to hear of. */
export type Wanted = {
  readonly uid: CollectionUid;
  readonly filter: Filter | undefined;
  readonly with_payload: boolean;
  readonly with_vector: boolean;
};

export type Nearest = Omit<SearchSpec, 'filter' | 'with_payload'>;
export type NearestAnswer = { readonly sequences: Sequences; readonly hits: readonly Hit[] };

/** Points of one answer; fewer when they do not fit one. */
const PAGE = 256;

/** The filter, for these points only; no deeper than it was. */
export function among(filter: Filter, ids: PointId[]): Filter {
  return { ...filter, must: [...(filter.must ?? []), { has_id: ids }] };
}

/**
 * The points that a follower is told of, as replicas have them that are at least as far as it is, and as far as those were
 * that answered before: what it is told never goes back.
 */
export class FollowedPoints {
  readonly #bus: Bus;
  readonly #wanted: Wanted;
  #reached: Sequences = [];

  constructor(bus: Bus, wanted: Wanted) {
    this.#bus = bus;
    this.#wanted = wanted;
  }

  /** Of these ids those that are there and match, by id. Each answer is of one moment, and not all need be of the same. */
  async present(ids: readonly PointId[], seen: Sequences, context: () => CallContext): Promise<Map<string, PointView>> {
    const found = new Map<string, PointView>();
    const asked: PointId[][] = [];
    for (let at = 0; at < ids.length; at += PAGE) asked.push(ids.slice(at, at + PAGE));
    for (let some = asked.shift(); some !== undefined; some = asked.shift()) {
      try {
        for (const point of await this.#some(some, seen, context())) found.set(point.id, point);
      } catch (cause) {
        if (!isTooLarge(cause) || some.length === 1) throw cause;
        const half = Math.ceil(some.length / 2);
        asked.unshift(some.slice(0, half), some.slice(half));
      }
    }
    return found;
  }

  /** A page of all that match, after this id, or from the first for an empty one. */
  async page(after: string, seen: Sequences, context: () => CallContext): Promise<ScrollAnswer> {
    const { filter, ...wanted } = this.#wanted;
    const asked = { ...wanted, ...this.#demand(seen), filter, ...(after !== '' && { after }) };
    for (let limit = PAGE; ; limit = Math.ceil(limit / 2)) {
      try {
        return this.#reach(await this.#bus.call(scroll, { ...asked, limit }, { context: context() }));
      } catch (cause) {
        if (!isTooLarge(cause) || limit === 1) throw cause;
      }
    }
  }

  /** The nearest that match, all of one answer, past any cache. */
  async nearest(spec: Nearest, seen: Sequences, context: () => CallContext): Promise<NearestAnswer> {
    const { uid, filter, with_payload } = this.#wanted;
    const searches = [{ ...spec, filter, with_payload }];
    const asked = { uid, ...this.#demand(seen), searches, bypass_cache: true };
    const { sequences, results } = this.#reach(await this.#bus.call(search, asked, { context: context() }));
    return { sequences, hits: results[0]?.hits ?? [] };
  }

  async #some(ids: PointId[], seen: Sequences, context: CallContext): Promise<readonly PointView[]> {
    const { filter, ...wanted } = this.#wanted;
    const demand = { ...wanted, ...this.#demand(seen) };
    if (filter === undefined) return this.#reach(await this.#bus.call(read, { ...demand, ids }, { context })).points;
    const asked = { ...demand, filter: among(filter, ids), limit: limits.scrollLimitMax };
    return this.#reach(await this.#bus.call(scroll, asked, { context })).points;
  }

  #demand(seen: Sequences): { readonly consistency: 'session'; readonly seen: Sequences } {
    return { consistency: 'session', seen: later(seen, this.#reached) };
  }

  #reach<Answer extends { readonly sequences: Sequences }>(answer: Answer): Answer {
    this.#reached = later(this.#reached, answer.sequences);
    return answer;
  }
}

function isTooLarge(cause: unknown): boolean {
  return Failure.from(cause).type === 'payload_too_large';
}
