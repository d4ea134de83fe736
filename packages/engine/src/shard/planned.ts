import type { Filter, PointView, SearchSpec } from '@vectorizer/contracts';
import { compareIds } from '@vectorizer/contracts';
import { Slices } from '../apply/slices.ts';
import { compileFilter } from '../filter/compile.ts';
import { BestCandidates, type Candidate, type CandidateQuery } from '../payload-index/best-candidates.ts';
import type { Plan } from '../payload-index/planner.ts';
import type { Watch } from '../payload-index/slot-table.ts';
import type { Snapshot } from '../state/snapshot.ts';
import type { ShardState } from '../state/shard-state.ts';
import type { Width } from './nearby.ts';
import type { ScrollSpec } from './scan.ts';
import type { TimedSearch } from './search.ts';
import { viewOf } from './views.ts';

/** Codes that are looked at without a turn for others: a slice of time, about two milliseconds. */
const BYTES_AT_ONCE = 8 * 1024 * 1024;
/** So many are read without a turn for others, about 3 µs each. */
const READ_AT_ONCE = 384;
/** Bounded in a row when there are many. */
const CHUNK = 4_096;

/**
 * Comparing so many candidates is worth it to spare a search of the graph one more neighbour. At 256 dimensions a
 * candidate costs 0.08 µs and a neighbour 2.5 µs, which would be 32; but where the points that match lie together, the
 * graph is often asked in vain, while the candidates are always compared exactly. Both costs grow with the dimension.
 */
const CANDIDATES_PER_NEIGHBOUR = 40;

/** Neighbours that are looked at for each that is expected to match: where points lie closely, shares vary. */
const MARGIN = 1.5;

/**
 * How wide to search the graph for `k` points that a plan lets through, of so many points; undefined where comparing the
 * candidates costs less. At 50,000 points and k = 10 that is below about 11 %.
 */
export function widthFor(
  { possible }: Plan,
  { k, ef, points }: { readonly k: number; readonly ef: number; readonly points: number },
): Width | undefined {
  const first = Math.ceil(((k * points) / Math.max(1, possible.size)) * MARGIN);
  const max = Math.ceil(possible.size / CANDIDATES_PER_NEIGHBOUR);
  return Math.max(first, ef) > max ? undefined : { first, max };
}

/** Undefined when there is more to do than may be done in one go. */
export function candidatesNow(state: ShardState, plan: Plan, spec: SearchSpec): readonly Candidate[] | undefined {
  if (plan.possible.size * spec.vector.length > BYTES_AT_ONCE) return undefined;
  const slots = plan.possible.toArray();
  const bounds = new Float64Array(slots.length);
  const end = slots.length;
  plan.codes.bound(plan.codes.query(spec.vector), slots, { bounds, start: 0, end });
  const best = new BestCandidates(queryOf(spec, state), {
    slots,
    bounds,
    sure: plan.sure,
    idOf: (slot) => plan.slots.idOf(slot),
    point: (id) => state.point(id),
  });
  let reads = 0;
  return best.run(() => ++reads > READ_AT_ONCE) === 'done' ? best.found : undefined;
}

/** The same in slices, of the state that the plan was made of and the snapshot is of. */
export async function candidatesOf(
  snapshot: Snapshot,
  plan: Plan,
  spec: TimedSearch & Pick<CandidateQuery, 'metric'>,
): Promise<readonly Candidate[]> {
  const slices = new Slices(spec.deadline);
  using watch = plan.slots.watch();
  const slots = plan.possible.toArray();
  const sure = plan.sure.copy();
  const bounds = new Float64Array(slots.length);
  const query = plan.codes.query(spec.vector);
  for (let start = 0; start < slots.length; start += CHUNK) {
    plan.codes.bound(query, slots, { bounds, start, end: Math.min(slots.length, start + CHUNK) });
    if (slices.due) await slices.next();
  }
  // What has changed meanwhile may have been bounded by its new vector.
  for (const [at, slot] of slots.entries()) if (watch.before.has(slot)) bounds[at] = Infinity;
  const best = new BestCandidates(queryOf(spec, { meta: spec }), {
    slots,
    bounds,
    sure,
    idOf: (slot) => idAtFirst(plan, watch, slot),
    point: (id) => snapshot.point(id),
  });
  while (best.run(() => slices.due) === 'paused') await slices.next();
  return best.found;
}

/** How many points match; only those that the indexes are not sure of are read. */
export async function countPlanned(
  snapshot: Snapshot,
  plan: Plan,
  { filter, deadline }: { readonly filter: Filter; readonly deadline?: number | undefined },
): Promise<number> {
  let found = plan.sure.size;
  if (plan.exact) return found;
  const matches = compileFilter(filter);
  const slices = new Slices(deadline);
  using watch = plan.slots.watch();
  const sure = plan.sure.copy();
  for (const slot of plan.possible.toArray()) {
    if (slices.due) await slices.next();
    if (sure.has(slot)) continue;
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
  readonly #plan: Plan;
  readonly #watch: Watch;

  constructor(plan: Plan) {
    this.#plan = { ...plan, sure: plan.sure.copy(), possible: plan.possible.copy() };
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

function queryOf(spec: SearchSpec, { meta }: { readonly meta: Pick<CandidateQuery, 'metric'> }): CandidateQuery {
  const { vector, k, score_threshold: threshold = -Infinity, filter = {} } = spec;
  return { vector, k, threshold, metric: meta.metric, matches: compileFilter(filter) };
}
