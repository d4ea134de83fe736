import { setImmediate as yieldToOthers } from 'node:timers/promises';
import {
  parsePayload,
  type Filter,
  type Payload,
  type PayloadIndex,
  type PayloadIndexReport,
} from '@vectorizer/contracts';
import { Slices } from '../apply/slices.ts';
import type { PointRecord } from '../state/record.ts';
import { createColumn, type Column } from './column.ts';
import type { Plan } from './plan.ts';
import { PlanCache } from './plan-cache.ts';
import { Planner } from './planner.ts';
import type { RowCodes } from './row-codes.ts';
import { SlotTable } from './slot-table.ts';

/** Payloads that are parsed ahead of the step that makes an entry visible; beyond, memory matters more than the step. */
const STAGED_MAX = 8_192;

/** Where the points are read from while an index is built. */
export type PointSource = {
  point(id: string): PointRecord | undefined;
  idBatches(): Iterable<readonly string[]>;
};
/** An entry's changes, with every changed point as it was. */
export type Changes = {
  readonly points: ReadonlyMap<string, PointRecord | undefined>;
  readonly before: ReadonlyMap<string, PointRecord | undefined>;
};
type Payloads = { readonly before: Payload | undefined; readonly after: Payload | undefined };
/** The payloads of changed points by id, parsed. */
export type StagedPayloads = ReadonlyMap<string, Payloads>;

type Tables = {
  readonly slots: SlotTable;
  readonly codes: RowCodes;
  /** Every point has a slot. */
  complete: boolean;
};

/**
 * The payload indexes of one shard, and beside them codes of the vectors, by which the points that a filter lets through are
 * compared. They are in memory, and a function of the points: built from them in the background when they are declared
 * or the shard is opened, kept current by `show`, gone at once when they are dropped. The codes serve exact searches
 * as well, so these ask for them where there is no index.
 *
 * While an index is built, each point is taken in as it is at that moment, and every change as it happens: whichever
 * comes first, a point at a slot is always its present payload or not there yet.
 */
export class PayloadIndexes {
  readonly #source: PointSource;
  readonly #newCodes: () => RowCodes;
  readonly #onFailure: (cause: unknown) => void;
  /** In the order in which they were declared. */
  #columns: readonly Column[] = [];
  readonly #ready = new Set<Column>();
  readonly #plans = new PlanCache();
  #codesWanted = false;
  #tables: Tables | undefined;
  #building: Promise<void> | undefined;
  #started = false;
  #stopped = false;

  constructor(parts: {
    readonly source: PointSource;
    readonly newCodes: () => RowCodes;
    readonly onFailure: (cause: unknown) => void;
  }) {
    this.#source = parts.source;
    this.#newCodes = parts.newCodes;
    this.#onFailure = parts.onFailure;
  }

  /** What is new is built in the background, what is not named is dropped now. */
  declare(definitions: readonly PayloadIndex[]): void {
    const kept = this.#columns.filter(({ definition }) => definitions.some((each) => same(each, definition)));
    const added = definitions.filter((each) => !kept.some(({ definition }) => same(each, definition)));
    this.#columns = [...kept, ...added.map(createColumn)];
    for (const column of this.#ready) if (!this.#columns.includes(column)) this.#ready.delete(column);
    this.#plans.clear();
    this.#ensureTables();
  }

  /** From now on there are codes, whether or not there is an index. */
  wantCodes(): void {
    if (this.#codesWanted) return;
    this.#codesWanted = true;
    this.#ensureTables();
  }

  start(): void {
    this.#started = true;
    this.#ensureBuilding();
  }

  /** Returns when nothing is built any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#building;
  }

  report(): PayloadIndexReport[] {
    return this.#columns.map((column) => ({
      ...column.definition,
      state: this.#ready.has(column) ? 'ready' : 'building',
      points: column.points,
    }));
  }

  /** Whether filters on the key are answered by an index. */
  readonly indexed = (key: string): boolean => [...this.#ready].some(({ definition }) => definition.key === key);

  /** What is known of a filter now, until the next change; undefined while not every point has been taken in. */
  plan(filter: Filter): Plan | undefined {
    const tables = this.#tables;
    if (tables?.complete !== true) return undefined;
    return this.#plans.plan(filter, () => {
      const columns = new Map([...this.#ready].map((column) => [column.definition.key, column]));
      return new Planner({ ...tables, columns }).plan(filter);
    });
  }

  /** The ids of all points that may match, where an index is ready to tell. */
  candidates(filter: Filter): readonly string[] | undefined {
    const plan = this.#ready.size === 0 ? undefined : this.plan(filter);
    return (
      plan && Array.from(plan.possible.toArray(), (slot) => plan.slots.idOf(slot)).filter((id) => id !== undefined)
    );
  }

  /** Parses what `show` will need, in slices, so that showing is short. */
  async stage(changes: Changes, slices: Slices): Promise<StagedPayloads> {
    const staged = new Map<string, Payloads>();
    if (this.#columns.length === 0) return staged;
    for (const id of changes.points.keys()) {
      if (staged.size === STAGED_MAX) break;
      const payloads = payloadsOf(changes, id);
      if (payloads !== undefined) staged.set(id, payloads);
      if (slices.due) await slices.next();
    }
    return staged;
  }

  /** Synchronous, together with all else that the entry changes. */
  show(changes: Changes, staged: StagedPayloads): void {
    if (this.#tables === undefined) return;
    const { slots, codes } = this.#tables;
    let planned = true;
    for (const [id, next] of changes.points) {
      const before = changes.before.get(id);
      if (before === undefined && next === undefined) continue;
      const isNew = slots.slotOf(id) === undefined;
      const slot = slots.ensure(id);
      slots.changed(slot);
      const payloads = staged.get(id) ?? payloadsOf(changes, id);
      if (payloads !== undefined) {
        for (const column of this.#columns) column.change(slot, payloads.before, payloads.after);
      }
      // A new vector alone changes nothing of what filters let through.
      planned &&= payloads === undefined && !isNew && next !== undefined;
      if (next === undefined) slots.release(id);
      else if (isNew || next.vectorVersion !== before?.vectorVersion) codes.set(slot, next.vector);
    }
    if (!planned) this.#plans.clear();
  }

  #ensureTables(): void {
    if (this.#columns.length === 0 && !this.#codesWanted) this.#tables = undefined;
    else this.#tables ??= { slots: new SlotTable(), codes: this.#newCodes(), complete: false };
    this.#ensureBuilding();
  }

  #ensureBuilding(): void {
    const { tables, pending } = { tables: this.#tables, pending: this.#pending() };
    if (!this.#started || this.#stopped || this.#building !== undefined) return;
    if (tables === undefined || (pending.length === 0 && tables.complete)) return;
    const build = async (): Promise<void> => {
      try {
        await this.#build(tables, pending);
      } catch (cause) {
        this.#onFailure(cause);
        this.#stopped = true;
      }
      this.#building = undefined;
      this.#ensureBuilding();
    };
    this.#building = build();
  }

  #pending(): Column[] {
    return this.#columns.filter((column) => !this.#ready.has(column));
  }

  /** Takes in every point once; ends early when nobody wants the result any more. */
  async #build(tables: Tables, columns: readonly Column[]): Promise<void> {
    const slices = new Slices();
    await yieldToOthers();
    for (const ids of this.#source.idBatches()) {
      for (const id of ids) {
        if (slices.due) await slices.next();
        if (this.#stopped || this.#tables !== tables) return;
        this.#takeIn(id, tables, columns);
      }
    }
    for (const column of columns) if (this.#columns.includes(column)) this.#ready.add(column);
    tables.complete = true;
    this.#plans.clear();
  }

  #takeIn(id: string, { slots, codes }: Tables, columns: readonly Column[]): void {
    const record = this.#source.point(id);
    if (record === undefined) return;
    const isNew = slots.slotOf(id) === undefined;
    const slot = slots.ensure(id);
    if (isNew) codes.set(slot, record.vector);
    const payload = record.payload === null ? undefined : parsePayload(record.payload);
    for (const column of columns) column.change(slot, undefined, payload);
  }
}

function same(a: PayloadIndex, b: PayloadIndex): boolean {
  return a.key === b.key && a.type === b.type;
}

/** Undefined where the payload stays as it is. */
function payloadsOf({ points, before }: Changes, id: string): Payloads | undefined {
  const [old, next] = [before.get(id)?.payload ?? null, points.get(id)?.payload ?? null];
  if (old === next) return undefined;
  return {
    before: old === null ? undefined : parsePayload(old),
    after: next === null ? undefined : parsePayload(next),
  };
}
