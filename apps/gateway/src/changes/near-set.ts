import { byRank, limits, type Hit } from '@vectorizer/contracts';
import { invalidField } from '@vectorizer/frame';

/** Who is near: all of a score at least, or the k best. */
export type NearBound = { readonly scoreMin: number } | { readonly k: number };
export type NearChange =
  { readonly kind: 'enter' | 'update'; readonly hit: Hit } | { readonly kind: 'leave'; readonly id: string };

/** The points that are near, as a follower has been told, and what it is to be told when they change. */
export class NearSet {
  readonly #bound: NearBound;
  /** Without what they carry: of a point that has not changed nothing is told. */
  #members: ReadonlyMap<string, Hit> = new Map();

  constructor(bound: NearBound) {
    this.#bound = bound;
  }

  get ids(): readonly string[] {
    return [...this.#members.keys()];
  }

  /** These are near, and no others. Answers the differences; throws `validation_error` when they are too many. */
  replace(near: readonly Hit[]): readonly NearChange[] {
    if (near.length > limits.nearMembersMax) {
      throw invalidField('near', `more than ${limits.nearMembersMax} points are so near; ask for a smaller part`);
    }
    const changes: NearChange[] = [];
    const members = new Map<string, Hit>();
    for (const hit of near) {
      const { id, version, score } = hit;
      const known = this.#members.get(id);
      members.set(id, { id, version, score });
      if (known?.version !== version) changes.push({ kind: known === undefined ? 'enter' : 'update', hit });
    }
    for (const id of this.#members.keys()) if (!members.has(id)) changes.push({ kind: 'leave', id });
    this.#members = members;
    return changes;
  }

  /**
   * How these points are now, each undefined that is not there. Answers the differences, or undefined when it takes a
   * search to know them: one of the k best has made room for a point that nobody has told of.
   */
  take(states: ReadonlyMap<string, Hit | undefined>): readonly NearChange[] | undefined {
    const next = new Map(this.#members);
    for (const [id, hit] of states) {
      if (hit !== undefined && this.#isNear(hit)) next.set(id, hit);
      else next.delete(id);
    }
    const near = this.#best([...next.values()]);
    return near === undefined ? undefined : this.replace(near);
  }

  #isNear({ score }: Hit): boolean {
    return 'k' in this.#bound || score >= this.#bound.scoreMin;
  }

  /** Of those that are known. Undefined when one that is not may be better than the last of them. */
  #best(known: readonly Hit[]): readonly Hit[] | undefined {
    if (!('k' in this.#bound)) return known;
    const { k } = this.#bound;
    const best = known.toSorted(byRank).slice(0, k);
    // Fewer than k are all that there are.
    if (this.#members.size < k) return best;
    const floor = [...this.#members.values()].toSorted(byRank).at(-1);
    const last = best[k - 1];
    return last === undefined || (floor !== undefined && byRank(last, floor) > 0) ? undefined : best;
  }
}
