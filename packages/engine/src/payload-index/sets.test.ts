import { describe, expect, it } from '@jest/globals';
import { seededRandom, type SeededRandom } from '@vectorizer/testing';
import { BoundOrder } from './bound-order.ts';
import { SlotSet } from './slot-set.ts';
import { SortedPairs } from './sorted-pairs.ts';

const sorted = (slots: Iterable<number>): number[] => [...slots].toSorted((a, b) => a - b);

/** Sets on both sides of the change from a list to a bitmap, grown in any order and partly emptied again. */
function randomSets(random: SeededRandom): { readonly set: SlotSet; readonly model: Set<number> } {
  const universe = random.pick([10, 100, 5_000, 300_000]);
  const [set, model] = [new SlotSet(), new Set<number>()];
  for (let i = random.int(3_000); i > 0; i--) {
    const slot = random.int(universe);
    set.add(slot);
    model.add(slot);
  }
  for (let i = random.int(4_000); i > 0; i--) {
    const slot = random.int(universe);
    set.delete(slot);
    model.delete(slot);
  }
  return { set, model };
}

describe('a set of slots', () => {
  it.each(Array.from({ length: 30 }, (_, seed) => seed))('is what a plain set is (seed %d)', (seed) => {
    const random = seededRandom(seed);
    const sets = Array.from({ length: 3 }, () => randomSets(random));
    for (const { set, model } of sets) {
      expect([...set.toArray()]).toEqual(sorted(model));
      expect(set.size).toBe(model.size);
      for (let slot = 0; slot < 5_100; slot += 7) expect(set.has(slot)).toBe(model.has(slot));
    }
    const [a, b, c] = sets as [(typeof sets)[0], (typeof sets)[0], (typeof sets)[0]];
    const contents = sets.map(({ set }) => [...set.toArray()]);
    expect([...SlotSet.union([a.set, b.set, c.set]).toArray()]).toEqual(
      sorted(new Set([...a.model, ...b.model, ...c.model])),
    );
    const common = SlotSet.intersection([a.set, b.set]);
    const both = [...a.model].filter((slot) => b.model.has(slot));
    expect([...common.toArray()]).toEqual(sorted(both));
    expect(common.size).toBe(both.length);
    expect([...SlotSet.difference(a.set, b.set).toArray()]).toEqual(
      sorted([...a.model].filter((slot) => !b.model.has(slot))),
    );
    const copy = a.set.copy();
    copy.add(1);
    copy.delete(2);
    expect(sets.map(({ set }) => [...set.toArray()])).toEqual(contents);
  });

  it('is a list or a bitmap, whichever it began as, after it crosses the border often', () => {
    const [set, model] = [new SlotSet(), new Set<number>()];
    for (let round = 0; round < 6; round++) {
      for (let slot = 0; slot < 40_000; slot += 2) {
        if (round % 2 === 0) set.add(slot);
        else set.delete(slot);
        if (round % 2 === 0) model.add(slot);
        else model.delete(slot);
      }
      expect([...set.toArray()]).toEqual(sorted(model));
    }
  });

  it('is united with as many others as there are (regression)', () => {
    const few = [SlotSet.of([1]), SlotSet.of([2, 70_000])];
    const many = Array.from({ length: 150_000 }, () => few).flat();
    expect([...SlotSet.union(many).toArray()]).toEqual([1, 2, 70_000]);
  });

  it('of unsorted slots has each once', () => {
    const random = seededRandom(4);
    for (const count of [0, 3, 60, 5_000]) {
      const slots = Array.from({ length: count }, () => random.int(2_000));
      const set = SlotSet.ofRuns([Uint32Array.from(slots.slice(0, 10)), Uint32Array.from(slots.slice(10))]);
      expect([...set.toArray()]).toEqual(sorted(new Set(slots)));
      expect(set.size).toBe(new Set(slots).size);
    }
  });
});

describe('an order of bounds', () => {
  it.each([0, 1, 63, 64, 65, 500, 3_000])('hands out all of %d, the highest first and each once', (count) => {
    const random = seededRandom(count);
    const bounds = Float64Array.from({ length: count }, () => (random.int(20) === 0 ? Infinity : random.int(40)));
    const order = new BoundOrder(bounds);
    const handed: (readonly [number, number])[] = [];
    while (order.size > 0) {
      const { bound } = order;
      handed.push([bound, order.pop()]);
    }
    const wanted = [...bounds.entries()].map(([place, bound]) => [bound, place] as const);
    expect(handed).toEqual(wanted.toSorted(([a, i], [b, j]) => (a === b ? i - j : b - a)));
    expect(order.bound).toBe(-Infinity);
  });
});

describe('sorted pairs', () => {
  it('take no more memory when values grow with every change (regression)', () => {
    const random = seededRandom(5);
    const pairs = new SortedPairs();
    const keys = Array.from({ length: 2_000 }, (_, item) => item);
    for (const [item, key] of keys.entries()) pairs.add(key, item);
    const { byteLength } = pairs;
    for (let key = keys.length; key < 100_000; key++) {
      const item = random.int(keys.length);
      pairs.delete(keys[item] ?? NaN, item);
      pairs.add(key, item);
      keys[item] = key;
    }
    expect(pairs.byteLength).toBeLessThanOrEqual(byteLength * 2);
    const found: number[] = [];
    pairs.visit({ low: -Infinity, lowOpen: false, high: Infinity, highOpen: false }, (item) => found.push(item));
    expect(found).toEqual([...keys.keys()].toSorted((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0)));
  });

  it.each([1, 2, 3])('answer intervals as a sorted list does, through splits and removals (seed %d)', (seed) => {
    const random = seededRandom(seed);
    const pairs = new SortedPairs();
    const model = new Map<string, readonly [number, number]>();
    for (let i = 0; i < 6_000; i++) {
      const [key, item] = [random.int(seed === 1 ? 3 : 400) / 2, random.int(900)];
      if (i % 3 === 2) {
        pairs.delete(key, item);
        model.delete(`${key}/${item}`);
      } else {
        pairs.add(key, item);
        model.set(`${key}/${item}`, [key, item]);
      }
      if (i % 500 !== 0) continue;
      const [low, high] = [random.int(300) / 2 - 5, random.int(450) / 2];
      for (const [lowOpen, highOpen] of [
        [true, false],
        [false, true],
      ] as const) {
        const found: number[] = [];
        pairs.visit({ low, lowOpen, high, highOpen }, (each) => found.push(each));
        const inside = ([at]: readonly [number, number]): boolean =>
          (lowOpen ? at > low : at >= low) && (highOpen ? at < high : at <= high);
        const wanted = [...model.values()].filter(inside).toSorted(([a, x], [b, y]) => a - b || x - y);
        expect(found).toEqual(wanted.map(([, each]) => each));
      }
    }
    for (const [key, item] of model.values()) pairs.delete(key, item);
    let left = 0;
    pairs.visit({ low: -Infinity, lowOpen: false, high: Infinity, highOpen: false }, () => (left += 1));
    expect(left).toBe(0);
  });
});
