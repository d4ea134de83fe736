import type { Filter, Metric, PointView, SearchSpec } from '@vectorizer/contracts';
import { compareIds } from '@vectorizer/contracts';
import { Slices } from '../apply/slices.ts';
import { compileFilter } from '../filter/compile.ts';
import { BestCandidates, type Candidate, type CandidateQuery } from '../payload-index/best-candidates.ts';
import type { Plan } from '../payload-index/plan.ts';
import type { KeptSlots } from '../payload-index/row-codes.ts';
import type { Watch } from '../payload-index/slot-table.ts';
import type { Snapshot } from '../state/snapshot.ts';
import type { ShardState } from '../state/shard-state.ts';
import type { Width } from './nearby.ts';
import type { ScrollSpec } from './scan.ts';
import type { TimedSearch } from './search.ts';
import { viewOf } from './views.ts';

/** Codes that are looked at without a turn for others: two milliseconds at most, where they come from main memory. */
const BYTES_AT_ONCE = 32 * 1024 * 1024;
/** So many are read without a turn for others, about 3 µs each. */
const READ_AT_ONCE = 384;
/** Looked at in a row when there are more. */
const BYTES_IN_A_ROW = 4 * 1024 * 1024;

/**
 * Looking at so many candidates is worth it to spare a search of the graph one more neighbour: at 256 dimensions they
 * cost about 5 ns each, and a neighbour 1.6 µs. Both grow with the dimension.
 */
const CANDIDATES_PER_NEIGHBOUR = 300;
/** Of candidates whose payloads have to be asked, some are read from the store. */
const DOUBTFUL_PER_NEIGHBOUR = 40;

/**
 * Vectors that are compared, for each that is asked for, unless the search is to be exact. By their codes these are the nearest; of the
 * true nearest that are not among them there is less than one in a hundred.
 */
const COMPARED_PER_RESULT = 4;

/** Neighbours that are looked at for each that is expected to match: where points lie closely, shares vary. */
const MARGIN = 1.5;

/**
 * How wide to search the graph for `k` points that a plan lets through, of so many points; undefined where comparing the
 * candidates costs less, as it does up to some 20,000 of them. It is also what is left where the graph was asked in vain: where the
 * points that match lie far from the query.
 */
export function widthFor(
  { possible, exact }: Plan,
  { k, ef, points }: { readonly k: number; readonly ef: number; readonly points: number },
): Width | undefined {
  const first = Math.ceil(((k * points) / Math.max(1, possible.size)) * MARGIN);
  const max = Math.ceil(possible.size / (exact ? CANDIDATES_PER_NEIGHBOUR : DOUBTFUL_PER_NEIGHBOUR));
  return Math.max(first, ef) > max ? undefined : { first, max };
}

/** Undefined when there is more to do than may be done in one go. */
export function candidatesNow(state: ShardState, plan: Plan, spec: SearchSpec): readonly Candidate[] | undefined {
  if (plan.possible.size * spec.vector.length > BYTES_AT_ONCE) return undefined;
  const slots = plan.codes.best(spec.vector, { k: spec.k, likely: spec.exact !== true });
  slots.look(plan.sureSlots, true);
  slots.look(plan.doubtfulSlots, false);
  const best = new BestCandidates(queryOf(spec, plan, state.meta.metric), {
    ...slots.kept(),
    idOf: (slot) => plan.slots.idOf(slot),
    point: (id) => state.point(id),
  });
  let reads = 0;
  return best.run(() => ++reads > READ_AT_ONCE) === 'done' ? best.found : undefined;
}

/** `slices` is for tests. */
type SlicedSearch = TimedSearch & Pick<CandidateQuery, 'metric'> & { readonly slices?: Pick<Slices, 'due' | 'next'> };

/** The same in slices, of the state that the plan was made of and the snapshot is of. */
export async function candidatesOf(
  snapshot: Pick<Snapshot, 'point'>,
  plan: Plan,
  spec: SlicedSearch,
): Promise<readonly Candidate[]> {
  const { slices = new Slices(spec.deadline) } = spec;
  using watch = plan.slots.watch();
  const parts = [
    { slots: plan.sureSlots, sure: true },
    { slots: plan.doubtfulSlots, sure: false },
  ];
  const query = queryOf(spec, plan, spec.metric);
  const best = plan.codes.best(spec.vector, { k: spec.k, likely: spec.exact !== true });
  const inRow = Math.ceil(BYTES_IN_A_ROW / spec.vector.length);
  for (const { slots, sure } of parts) {
    for (let start = 0; start < slots.length; start += inRow) {
      const chunk = slots.subarray(start, start + inRow);
      best.look(watch.before.size === 0 ? chunk : chunk.filter((slot) => !watch.before.has(slot)), sure);
      if (slices.due) await slices.next();
    }
  }
  const candidates = new BestCandidates(query, {
    ...withChanged(best.kept(), parts, watch),
    idOf: (slot) => idAtFirst(plan, watch, slot),
    point: (id) => snapshot.point(id),
  });
  while (candidates.run(() => slices.due) === 'paused') await slices.next();
  return candidates.found;
}

type Part = { readonly slots: Uint32Array; readonly sure: boolean };

/** What has changed since the search began is read whatever its codes say, which are of its new vector. */
function withChanged(kept: KeptSlots, parts: readonly Part[], { before }: Watch): KeptSlots {
  if (before.size === 0) return kept;
  const changed = parts.flatMap(({ slots, sure }) => {
    return Array.from(
      slots.filter((slot) => before.has(slot)),
      (slot) => ({ slot, bound: Infinity, sure: Number(sure) }),
    );
  });
  const unchanged = Array.from(kept.slots, (slot, place) => {
    return { slot, bound: kept.bounds[place] ?? Infinity, sure: kept.sure[place] ?? 0 };
  }).filter(({ slot }) => !before.has(slot));
  const all = [...changed, ...unchanged];
  return {
    slots: Uint32Array.from(all, ({ slot }) => slot),
    bounds: Float64Array.from(all, ({ bound }) => bound),
    sure: Uint8Array.from(all, ({ sure }) => sure),
  };
}

/** How many points match; only those that the indexes are not sure of are read. */
export async function countPlanned(snapshot: Snapshot, plan: Plan, deadline?: number): Promise<number> {
  let found = plan.sure.size;
  const { matches } = plan;
  const slices = new Slices(deadline);
  using watch = plan.slots.watch();
  for (const slot of plan.doubtfulSlots) {
    if (slices.due) await slices.next();
    const id = idAtFirst(plan, watch, slot);
    const record = id === undefined ? undefined : snapshot.summary(id);
    if (id !== undefined && record !== undefined && matches(id, record.payload)) found += 1;
  }
  return found;
}

/**
 * Whether a page is better made by comparing the ids of all candidates than by going through the points until
 * it is full. Going past a point costs as much as comparing about ten ids.
 */
export function prefersSorting(candidates: number, limit: number, points: number): boolean {
  const passed = Math.min(points, ((limit + 1) * points) / Math.max(1, candidates));
  return candidates <= passed * 10;
}

/** A page of the points that match, in the order of ids. */
export async function scrollPlanned(
  snapshot: Snapshot,
  plan: Plan,
  spec: ScrollSpec & { readonly filter: Filter },
): Promise<{ readonly points: readonly PointView[]; readonly more: boolean }> {
  const slices = new Slices(spec.deadline);
  using watch = plan.slots.watch();
  const matches = compileFilter(spec.filter);
  const sure = plan.sure.copy();
  const page = new FirstIds(spec.limit + 1);
  for (const slot of plan.possible.toArray()) {
    if (slices.due) await slices.next();
    const id = idAtFirst(plan, watch, slot);
    if (id === undefined || (spec.after !== undefined && compareIds(id, spec.after) <= 0) || !page.wants(id)) continue;
    if (sure.has(slot) || matches(id, snapshot.summary(id)?.payload ?? null)) page.offer(id);
  }
  const points: PointView[] = [];
  for (const id of page.result()) {
    if (slices.due) await slices.next();
    const record = snapshot.point(id);
    if (record !== undefined) points.push(viewOf(id, record, spec));
  }
  return { points: points.slice(0, spec.limit), more: points.length > spec.limit };
}

/** The first of many ids, in order. Sorting now and then costs less than keeping them in order. */
class FirstIds {
  readonly #count: number;
  readonly #ids: string[] = [];
  #last: string | undefined;

  constructor(count: number) {
    this.#count = count;
  }

  wants(id: string): boolean {
    return this.#last === undefined || compareIds(id, this.#last) < 0;
  }

  offer(id: string): void {
    this.#ids.push(id);
    if (this.#ids.length >= this.#count * 2) this.#cut();
  }

  result(): readonly string[] {
    this.#cut();
    return this.#ids;
  }

  #cut(): void {
    this.#ids.sort(compareIds);
    if (this.#ids.length < this.#count) return;
    this.#ids.length = this.#count;
    this.#last = this.#ids.at(-1);
  }
}

/** A plan that holds while points change: those that have changed are asked of their payloads instead. */
export class HeldPlan implements Disposable {
  readonly #plan: Pick<Plan, 'slots' | 'sure' | 'possible'>;
  readonly #watch: Watch;

  constructor(plan: Plan) {
    this.#plan = { slots: plan.slots, sure: plan.sure.copy(), possible: plan.possible.copy() };
    this.#watch = plan.slots.watch();
  }

  /** `byPayload` answers for the state that the plan was made of. */
  accepts(byPayload: (id: string) => boolean): (id: string) => boolean {
    const { slots, sure, possible } = this.#plan;
    return (id) => {
      const slot = slots.slotOf(id);
      if (slot === undefined || this.#watch.before.has(slot)) return byPayload(id);
      return sure.has(slot) || (possible.has(slot) && byPayload(id));
    };
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }
}

function idAtFirst({ slots }: Plan, { before }: Watch, slot: number): string | undefined {
  return before.get(slot) ?? slots.idOf(slot);
}

function queryOf(spec: SearchSpec, { matches }: Plan, metric: Metric): CandidateQuery {
  const { vector, k, exact, score_threshold: threshold = -Infinity } = spec;
  return { vector, k, threshold, metric, matches, comparedMax: exact === true ? Infinity : k * COMPARED_PER_RESULT };
}
