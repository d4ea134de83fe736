import type { Condition, Filter } from '@vectorizer/contracts';
import { allOf, anyOf, atMost, exactly, not, type Bounds } from './bounds.ts';
import type { Column } from './column.ts';
import { Plan } from './plan.ts';
import type { RowCodes } from './row-codes.ts';
import { SlotSet } from './slot-set.ts';
import type { SlotTable } from './slot-table.ts';

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
    return new Plan(filter, this.#bounds(filter), { slots: this.#slots, codes: this.#codes });
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
