import type { Condition, Filter } from '@vectorizer/contracts';
import { allOf, anyOf, atMost, exactly, isExact, not, type Bounds } from './bounds.ts';
import type { Column } from './column.ts';
import type { RowCodes } from './row-codes.ts';
import { SlotSet } from './slot-set.ts';
import type { SlotTable } from './slot-table.ts';

/** What the indexes know of a filter, valid until the next change: the sets may be those of the indexes themselves. */
export type Plan = Bounds & { readonly slots: SlotTable; readonly codes: RowCodes; readonly exact: boolean };

/** Works out, from the ready indexes, which points a filter may let through and which it surely does. */
export class Planner {
  readonly #slots: SlotTable;
  readonly #codes: RowCodes;
  readonly #columns: ReadonlyMap<string, Column>;

  constructor(parts: {
    readonly slots: SlotTable;
    readonly codes: RowCodes;
    readonly columns: ReadonlyMap<string, Column>;
  }) {
    this.#slots = parts.slots;
    this.#codes = parts.codes;
    this.#columns = parts.columns;
  }

  plan(filter: Filter): Plan {
    const bounds = this.#bounds(filter);
    return { ...bounds, slots: this.#slots, codes: this.#codes, exact: isExact(bounds) };
  }

  /** The ids of all points that may match. */
  candidates(filter: Filter): readonly string[] {
    const { possible } = this.#bounds(filter);
    return Array.from(possible.toArray(), (slot) => this.#slots.idOf(slot)).filter((id) => id !== undefined);
  }

  #bounds(condition: Condition): Bounds {
    const all = this.#slots.live;
    if ('has_id' in condition) {
      return exactly(SlotSet.of(condition.has_id.flatMap((id) => this.#slots.slotOf(id) ?? [])));
    }
    if ('key' in condition) return this.#columns.get(condition.key)?.bounds(condition, all) ?? atMost(all);
    const { must = [], should = [], must_not: mustNot = [] } = condition;
    const parts = must.map((each) => this.#bounds(each));
    if (should.length > 0) parts.push(anyOf(should.map((each) => this.#bounds(each))));
    if (mustNot.length > 0) parts.push(not(anyOf(mustNot.map((each) => this.#bounds(each))), all));
    return parts.length === 0 ? exactly(all) : allOf(parts);
  }
}
