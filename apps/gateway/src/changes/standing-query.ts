import {
  exactScore,
  limits,
  PointId,
  type Bus,
  type CallContext,
  type Hit,
  type Metric,
  type Near,
  type PointView,
  type Sequences,
} from '@vectorizer/contracts';
import { invalidField } from '@vectorizer/frame';
import { FollowedPoints, type NearestAnswer, type Wanted } from './followed-points.ts';
import type { Named } from './named-in.ts';
import { NearSet, type NearBound, type NearChange } from './near-set.ts';

export type Nearness = { readonly near: Near; readonly metric: Metric; readonly bound: NearBound };

/** Throws `validation_error` for a radius under `dot`, which has no distances. */
export function nearnessOf(near: Near, metric: Metric): Nearness {
  return { near, metric, bound: boundOf(near, metric) };
}

function boundOf({ radius, score_threshold: scoreMin, k }: Near, metric: Metric): NearBound {
  if (k !== undefined) return { k };
  if (radius === undefined) return { scoreMin: scoreMin ?? 0 };
  if (metric === 'dot') throw invalidField('near.radius', 'under dot there are no distances; use score_threshold');
  return { scoreMin: metric === 'euclidean' ? -radius : 1 - radius };
}

/**
 * Which points are near a vector, from a search on and entry by entry. A changed point is compared with the vector here;
 * it takes another search only when one of the k best is no longer among them, since who is next nobody has told.
 */
export class StandingQuery {
  readonly #points: FollowedPoints;
  readonly #near: Near;
  readonly #metric: Metric;
  readonly #withVector: boolean;
  readonly #bound: NearBound;
  readonly #set: NearSet;

  constructor(bus: Bus, wanted: Wanted, { near, metric, bound }: Nearness) {
    this.#points = new FollowedPoints(bus, { ...wanted, with_vector: true });
    this.#near = near;
    this.#metric = metric;
    this.#withVector = wanted.with_vector;
    this.#bound = bound;
    this.#set = new NearSet(bound);
  }

  /** Who is near, not before `seen`, and at which sequences. */
  async begin(seen: Sequences, context: () => CallContext): Promise<NearestAnswer> {
    const answer = await this.#search(seen, context);
    this.#set.replace(answer.hits);
    return answer;
  }

  /** What is to be told of an entry that names these. Failing changes nothing, so it may be tried again. */
  async changed({ ids, filters }: Named, seen: Sequences, context: () => CallContext): Promise<readonly NearChange[]> {
    // Whoever matches the filter of a deletion is gone without being named.
    const members = filters.length > 0 ? this.#set.ids.map((id) => PointId.parse(id)) : [];
    const concerned = [...new Set([...ids, ...members])];
    if (concerned.length === 0) return [];
    const present = await this.#points.present(concerned, seen, context);
    const states = new Map<string, Hit | undefined>();
    for (const id of concerned) {
      const point = present.get(id);
      states.set(id, point && this.#hitOf(point));
    }
    return this.#set.take(states) ?? this.#set.replace((await this.#search(seen, context)).hits);
  }

  #hitOf({ vector, ...point }: PointView): Hit | undefined {
    if (vector === undefined) return undefined;
    const score = exactScore(this.#metric, vector, this.#near.vector);
    return { ...point, score, ...(this.#withVector && { vector }) };
  }

  async #search(seen: Sequences, context: () => CallContext): Promise<NearestAnswer> {
    const { vector, exact } = this.#near;
    const bound = this.#bound;
    // One more than may be near, to find out.
    const width = 'k' in bound ? { k: bound.k } : { k: limits.nearMembersMax + 1, score_threshold: bound.scoreMin };
    const spec = { vector, ...width, with_vector: this.#withVector, ...(exact && { exact }) };
    return this.#points.nearest(spec, seen, context);
  }
}
