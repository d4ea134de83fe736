/** A list grows to this many slots at most before it becomes a bitmap; what it costs to insert into one stays small. */
const LIST_MAX = 16_384;
const LIST_MIN = 64;

/**
 * A set of slots (small whole numbers), as a sorted list while that is the smaller form, else as a bitmap: the two
 * forms that a roaring bitmap has, without its chunks, as plain typed arrays. (The libraries with roaring bitmaps keep them in
 * native or WebAssembly memory: each change is a call across that border, and nothing collects what is dropped.)
 */
export class SlotSet {
  #list = new Uint32Array(4);
  /** The bitmap, while it is one. */
  #words: Uint32Array<ArrayBuffer> | undefined;
  #size = 0;

  static of(slots: Iterable<number>): SlotSet {
    const set = new SlotSet();
    for (const slot of slots) set.add(slot);
    return set;
  }

  /** Of slots in any order, some of them perhaps twice: without an insertion for each. */
  static ofRuns(runs: readonly Uint32Array[]): SlotSet {
    const [set, total] = [new SlotSet(), runs.reduce((sum, run) => sum + run.length, 0)];
    if (total <= LIST_MIN) {
      for (const run of runs) for (const slot of run) set.add(slot);
      return set;
    }
    let highest = 0;
    for (const run of runs) for (let i = 0; i < run.length; i++) highest = Math.max(highest, run[i] ?? 0);
    const words = new Uint32Array((highest >>> 5) + 1);
    for (const run of runs) {
      for (let i = 0; i < run.length; i++) {
        const slot = run[i] ?? 0;
        words[slot >>> 5] = (words[slot >>> 5] ?? 0) | (1 << (slot & 31));
      }
    }
    set.#words = words;
    set.#size = bitsOf(words);
    return set;
  }

  get size(): number {
    return this.#size;
  }

  get byteLength(): number {
    return this.#list.byteLength + (this.#words?.byteLength ?? 0);
  }

  has(slot: number): boolean {
    if (this.#words !== undefined) return ((this.#words[slot >>> 5] ?? 0) & (1 << (slot & 31))) !== 0;
    const at = this.#position(slot);
    return at < this.#size && this.#list[at] === slot;
  }

  add(slot: number): void {
    if (this.#words !== undefined) return this.#addBit(slot);
    const at = this.#position(slot);
    if (at < this.#size && this.#list[at] === slot) return;
    const universe = Math.max(slot, this.#list[this.#size - 1] ?? 0);
    if (this.#size >= LIST_MAX || (this.#size >= LIST_MIN && this.#size * 32 > universe)) {
      this.#toWords(universe);
      return this.#addBit(slot);
    }
    if (this.#size === this.#list.length) this.#list = grown(this.#list, this.#size + 1);
    this.#list.copyWithin(at + 1, at, this.#size);
    this.#list[at] = slot;
    this.#size += 1;
  }

  delete(slot: number): void {
    if (!this.has(slot)) return;
    if (this.#words === undefined) {
      const at = this.#position(slot);
      this.#list.copyWithin(at, at + 1, this.#size);
    } else {
      this.#words[slot >>> 5] = (this.#words[slot >>> 5] ?? 0) & ~(1 << (slot & 31));
    }
    this.#size -= 1;
    // Well below what a bitmap begins at, so that a set on the edge does not change its form with every change.
    if (this.#size < LIST_MAX / 4 && this.#words !== undefined && this.#size * 4 < this.#words.length) this.#toList();
  }

  copy(): SlotSet {
    const copy = new SlotSet();
    copy.#size = this.#size;
    copy.#words = this.#words?.slice();
    copy.#list = this.#list.slice(0, Math.max(4, this.#size));
    return copy;
  }

  /** Ascending, in an array that is the caller's. */
  toArray(): Uint32Array<ArrayBuffer> {
    if (this.#words === undefined) return this.#list.slice(0, this.#size);
    const slots = new Uint32Array(this.#size);
    let found = 0;
    for (let index = 0; index < this.#words.length; index++) {
      for (let word = this.#words[index] ?? 0; word !== 0; word &= word - 1) {
        slots[found++] = index * 32 + 31 - Math.clz32(word & -word);
      }
    }
    return slots;
  }

  static union(sets: readonly SlotSet[]): SlotSet {
    const [first] = sets;
    if (first !== undefined && sets.length === 1) return first;
    const total = sets.reduce((sum, set) => sum + set.#size, 0);
    if (total <= LIST_MIN) return SlotSet.of(sets.flatMap((set) => [...set.toArray()]));
    const union = new SlotSet();
    // Not by one call with all of them: there may be more than fit the stack.
    union.#words = new Uint32Array(sets.reduce((most, set) => Math.max(most, set.#wordsNeeded), 0));
    for (const set of sets) union.#addAll(set);
    return union;
  }

  static intersection(sets: readonly SlotSet[]): SlotSet {
    const [first = new SlotSet(), ...others] = sets.toSorted((a, b) => a.#size - b.#size);
    return others.reduce((set, other) => set.#filtered(other, true), first);
  }

  /** What is in `set` and not in `other`. */
  static difference(set: SlotSet, other: SlotSet): SlotSet {
    return other.#size === 0 ? set : set.#filtered(other, false);
  }

  /** Those of this set that are in the other, or are not. */
  #filtered(other: SlotSet, kept: boolean): SlotSet {
    const result = new SlotSet();
    if (this.#words === undefined) {
      result.#list = this.#list.subarray(0, this.#size).filter((slot) => other.has(slot) === kept);
      result.#size = result.#list.length;
      return result;
    }
    if (other.#words === undefined && kept) return other.#filtered(this, true);
    result.#words = this.#words.slice();
    result.#size = this.#size;
    if (other.#words === undefined) {
      for (let i = 0; i < other.#size; i++) result.#removeBit(other.#list[i] ?? 0);
      return result;
    }
    for (let i = 0; i < result.#words.length; i++) {
      const mask = other.#words[i] ?? 0;
      result.#words[i] = (result.#words[i] ?? 0) & (kept ? mask : ~mask);
    }
    result.#size = bitsOf(result.#words);
    return result;
  }

  #addAll(other: SlotSet): void {
    if (this.#words === undefined || other.#words === undefined) {
      for (let i = 0; i < other.#size; i++) this.add(other.#list[i] ?? 0);
      return;
    }
    for (let i = 0; i < other.#words.length; i++) this.#words[i] = (this.#words[i] ?? 0) | (other.#words[i] ?? 0);
    this.#size = bitsOf(this.#words);
  }

  #addBit(slot: number): void {
    const index = slot >>> 5;
    if (this.#words === undefined || index >= this.#words.length) {
      this.#words = grown(this.#words ?? new Uint32Array(), index + 1);
    }
    const word = this.#words[index] ?? 0;
    const bit = 1 << (slot & 31);
    if ((word & bit) !== 0) return;
    this.#words[index] = word | bit;
    this.#size += 1;
  }

  #removeBit(slot: number): void {
    if (this.#words === undefined || !this.has(slot)) return;
    this.#words[slot >>> 5] = (this.#words[slot >>> 5] ?? 0) & ~(1 << (slot & 31));
    this.#size -= 1;
  }

  get #wordsNeeded(): number {
    return this.#words?.length ?? ((this.#list[this.#size - 1] ?? 0) >>> 5) + 1;
  }

  #toWords(universe: number): void {
    const list = this.#list.subarray(0, this.#size);
    this.#words = new Uint32Array((universe >>> 5) + 1);
    for (const slot of list) this.#words[slot >>> 5] = (this.#words[slot >>> 5] ?? 0) | (1 << (slot & 31));
    this.#list = new Uint32Array(4);
  }

  #toList(): void {
    this.#list = this.toArray();
    this.#words = undefined;
  }

  /** Where the slot is in the list, or belongs. */
  #position(slot: number): number {
    let [low, high] = [0, this.#size];
    // Slots are given out in ascending order, so most belong at the end.
    if (high === 0 || slot > (this.#list[high - 1] ?? 0)) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#list[middle] ?? 0) < slot) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function grown(array: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const next = new Uint32Array(Math.max(length, Math.ceil(array.length * 1.5)));
  next.set(array);
  return next;
}

function bitsOf(words: Uint32Array): number {
  let bits = 0;
  for (let i = 0; i < words.length; i++) {
    let word = words[i] ?? 0;
    word -= (word >>> 1) & 0x5555_5555;
    word = (word & 0x3333_3333) + ((word >>> 2) & 0x3333_3333);
    bits += Math.imul((word + (word >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
  }
  return bits;
}
