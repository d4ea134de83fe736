import type { Interval } from '../filter/range.ts';
import { SlotSet } from './slot-set.ts';

/** Pairs in a block. Inserting moves half a block on average: some hundred nanoseconds. */
const BLOCK = 512;
/** Neighbours that have no more together become one, so that blocks stay a quarter full on average, whatever comes and goes. */
const MERGED_MAX = BLOCK / 2;

const PAIR_BYTES = 12;

type Block = { readonly keys: Float64Array; readonly items: Uint32Array; length: number };

/**
 * A set of pairs of a number and a small whole number, sorted, in blocks of typed arrays: 12 bytes a pair, where a
 * tree of objects takes several times that.
 */
export class SortedPairs {
  #blocks: Block[] = [newBlock()];

  add(key: number, item: number): void {
    const index = this.#blockOf(key, item);
    const block = this.#block(index);
    const at = positionIn(block, key, item);
    if (at < block.length && block.keys[at] === key && block.items[at] === item) return;
    if (block.length === BLOCK) {
      this.#split(index);
      return this.add(key, item);
    }
    block.keys.copyWithin(at + 1, at, block.length);
    block.items.copyWithin(at + 1, at, block.length);
    block.keys[at] = key;
    block.items[at] = item;
    block.length += 1;
  }

  delete(key: number, item: number): void {
    const index = this.#blockOf(key, item);
    const block = this.#block(index);
    const at = positionIn(block, key, item);
    if (at >= block.length || block.keys[at] !== key || block.items[at] !== item) return;
    block.keys.copyWithin(at, at + 1, block.length);
    block.items.copyWithin(at, at + 1, block.length);
    block.length -= 1;
    this.#merge(index);
  }

  /** All memory held. */
  get byteLength(): number {
    return this.#blocks.length * BLOCK * PAIR_BYTES;
  }

  /** In ascending order of the keys. */
  visit(interval: Interval, visit: (item: number) => void): void {
    for (const items of this.#runs(interval)) for (let i = 0; i < items.length; i++) visit(items[i] ?? 0);
  }

  /** The items of all pairs in the interval. */
  itemsIn(interval: Interval): SlotSet {
    return SlotSet.ofRuns(this.#runs(interval));
  }

  /** Parts of blocks: views, valid until the next change. */
  #runs({ low, lowOpen, high, highOpen }: Interval): Uint32Array[] {
    const runs: Uint32Array[] = [];
    if (!(low <= high)) return runs;
    const [start, end] = [lowOpen ? Infinity : -1, highOpen ? -1 : Infinity];
    for (let index = this.#blockOf(low, start); index < this.#blocks.length; index++) {
      const block = this.#block(index);
      const from = positionIn(block, low, start);
      const to = positionIn(block, high, end);
      if (from < to) runs.push(block.items.subarray(from, to));
      if (to < block.length) break;
    }
    return runs;
  }

  #block(index: number): Block {
    return this.#blocks[index] ?? newBlock();
  }

  /** The last block that begins at or below the pair. */
  #blockOf(key: number, item: number): number {
    let [low, high] = [0, this.#blocks.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      const { keys, items } = this.#block(middle);
      if (isBelow(keys[0] ?? 0, items[0] ?? 0, key, item)) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Of a block that has lost a pair. */
  #merge(index: number): void {
    const { length } = this.#block(index);
    for (let left = Math.max(0, index - 1); left <= index; left++) {
      const [into, from] = [this.#blocks[left], this.#blocks[left + 1]];
      if (into === undefined || from === undefined) continue;
      if (length > 0 && into.length + from.length > MERGED_MAX) continue;
      into.keys.set(from.keys.subarray(0, from.length), into.length);
      into.items.set(from.items.subarray(0, from.length), into.length);
      into.length += from.length;
      this.#blocks.splice(left + 1, 1);
      return;
    }
  }

  #split(index: number): void {
    const full = this.#block(index);
    const upper = newBlock();
    const half = BLOCK / 2;
    upper.keys.set(full.keys.subarray(half));
    upper.items.set(full.items.subarray(half));
    upper.length = BLOCK - half;
    full.length = half;
    this.#blocks.splice(index + 1, 0, upper);
  }
}

function newBlock(): Block {
  return { keys: new Float64Array(BLOCK), items: new Uint32Array(BLOCK), length: 0 };
}

/** Where the pair is in the block, or belongs. */
function positionIn({ keys, items, length }: Block, key: number, item: number): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const [foundKey, foundItem] = [keys[middle] ?? 0, items[middle] ?? 0];
    if (foundKey < key || (foundKey === key && foundItem < item)) low = middle + 1;
    else high = middle;
  }
  return low;
}

// oxlint-disable-next-line max-params -- two pairs, compared for every block of a search: no object is made of them
function isBelow(key: number, item: number, otherKey: number, otherItem: number): boolean {
  return key < otherKey || (key === otherKey && item <= otherItem);
}
