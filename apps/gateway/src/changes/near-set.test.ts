import { describe, expect, it } from '@jest/globals';
import { byRank, limits, type Hit } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { seededRandom } from '@vectorizer/testing';
import { NearSet, type NearBound, type NearChange } from './near-set.ts';

const hit = (id: string, score: number, version = 1): Hit => ({ id, score, version });
const states = (...hits: readonly Hit[]): Map<string, Hit> => new Map(hits.map((each) => [each.id, each]));
const told = (changes: readonly NearChange[] | undefined): readonly string[] | undefined =>
  changes?.map((change) => `${change.kind} ${change.kind === 'leave' ? change.id : change.hit.id}`);

describe('the points that are near', () => {
  it('are told when they come, change and go, each once', () => {
    const near = new NearSet({ scoreMin: -1 });
    expect(told(near.replace([hit('a', -0.5)]))).toEqual(['enter a']);
    expect(told(near.take(states(hit('b', -1), hit('far', -2))))).toEqual(['enter b']);
    expect(told(near.take(states(hit('b', -0.9, 2), hit('a', -0.5))))).toEqual(['update b']);
    expect(
      told(
        near.take(
          new Map([
            ['a', undefined],
            ['c', undefined],
          ]),
        ),
      ),
    ).toEqual(['leave a']);
    expect(told(near.take(states(hit('b', -3, 3))))).toEqual(['leave b']);
    expect(near.ids).toEqual([]);
  });

  it('push each other out of the k best, and are sought when one of those has gone', () => {
    const near = new NearSet({ k: 2 });
    near.replace([hit('a', 0.9), hit('b', 0.8)]);
    expect(told(near.take(states(hit('c', 0.85))))).toEqual(['enter c', 'leave b']);
    expect(near.take(states(hit('c', 0.1, 2)))).toBeUndefined();
    expect(near.ids.toSorted()).toEqual(['a', 'c']);
    expect(told(near.replace([hit('a', 0.9), hit('b', 0.8)]))).toEqual(['enter b', 'leave c']);
  });

  it('are no more than can be kept in mind', () => {
    const many = Array.from({ length: limits.nearMembersMax + 1 }, (_, i) => hit(`p${i}`, 1));
    expect(() => new NearSet({ scoreMin: 0 }).replace(many)).toThrow(Failure);
    const full = new NearSet({ scoreMin: 0 });
    full.replace(many.slice(1));
    expect(() => full.take(states(hit('p0', 1)))).toThrow(Failure);
  });

  it.each([
    { bound: { k: 5 }, searchesMax: 1_500 },
    { bound: { scoreMin: 0.6 }, searchesMax: 0 },
  ] as const)('are those of the whole, whatever changes: %j', ({ bound, searchesMax }) => {
    const random = seededRandom(3);
    const all = new Map<string, Hit>();
    const near = new NearSet(bound);
    const copy = new Map<string, number>();
    let searches = 0;
    for (let version = 1; version <= 3_000; version++) {
      const changed = new Map<string, Hit | undefined>();
      for (let i = 0; i < 1 + random.int(3); i++) {
        const id = `p${random.int(30)}`;
        changed.set(id, random.uniform() < 0.3 ? undefined : hit(id, random.int(21) / 20, version));
      }
      for (const [id, state] of changed) {
        if (state === undefined) all.delete(id);
        else all.set(id, state);
      }
      const found = near.take(changed);
      if (found === undefined) searches += 1;
      const wanted = nearOf(all, bound);
      for (const change of found ?? near.replace(wanted)) keep(copy, change);
      expect(copy).toEqual(new Map(wanted.map(({ id, version: of }) => [id, of])));
    }
    expect(searches).toBeLessThanOrEqual(searchesMax);
  });
});

function nearOf(all: ReadonlyMap<string, Hit>, bound: NearBound): Hit[] {
  const ranked = [...all.values()].toSorted(byRank);
  return 'k' in bound ? ranked.slice(0, bound.k) : ranked.filter(({ score }) => score >= bound.scoreMin);
}

/** As a follower does. Fails at a change of nobody who is there, and at whoever comes twice. */
function keep(copy: Map<string, number>, change: NearChange): void {
  const id = change.kind === 'leave' ? change.id : change.hit.id;
  if (copy.has(id) !== (change.kind !== 'enter')) throw new Error(`${change.kind} of ${id}`);
  if (change.kind === 'leave') copy.delete(id);
  else copy.set(id, change.hit.version);
}
