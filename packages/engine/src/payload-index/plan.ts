import type { Filter } from '@vectorizer/contracts';
import { compileFilter, type Matcher } from '../filter/compile.ts';
import { isExact, type Bounds } from './bounds.ts';
import type { RowCodes } from './row-codes.ts';
import { SlotSet } from './slot-set.ts';
import type { SlotTable } from './slot-table.ts';

/**
 * What the indexes know of a filter, valid until the next change: the sets may be those of the indexes themselves. What
 * is made of them is made once, so a plan is worth keeping for the next search with the same filter.
 */
export class Plan {
  readonly slots: SlotTable;
  readonly codes: RowCodes;
  readonly sure: SlotSet;
  readonly possible: SlotSet;
  /** Nothing has to be asked of the payloads. */
  readonly exact: boolean;
  readonly #filter: Filter;
  #sureSlots: Uint32Array | undefined;
  #doubtfulSlots: Uint32Array | undefined;
  #matches: Matcher | undefined;

  constructor(
    filter: Filter,
    bounds: Bounds,
    { slots, codes }: { readonly slots: SlotTable; readonly codes: RowCodes },
  ) {
    this.#filter = filter;
    this.slots = slots;
    this.codes = codes;
    this.sure = bounds.sure;
    this.possible = bounds.possible;
    this.exact = isExact(bounds);
  }

  /** Ascending, and not changed by what comes. */
  get sureSlots(): Uint32Array {
    return (this.#sureSlots ??= this.sure.toArray());
  }

  /** Of the points whose payloads have to be asked. */
  get doubtfulSlots(): Uint32Array {
    const doubtful = (): SlotSet => (this.exact ? new SlotSet() : SlotSet.difference(this.possible, this.sure));
    return (this.#doubtfulSlots ??= doubtful().toArray());
  }

  /** By the payload. */
  get matches(): Matcher {
    return (this.#matches ??= compileFilter(this.#filter));
  }

  /** About what the plan takes in memory, with all that may be made of it. */
  get byteLength(): number {
    return this.possible.byteLength + this.sure.byteLength + this.possible.size * 4;
  }
}
