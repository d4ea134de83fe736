import type { Filter, PointView, Warning } from '@vectorizer/contracts';
import { countPlanned, prefersSorting, scrollPlanned } from './planned.ts';
import { count, scroll, type ScrollSpec } from './scan.ts';
import type { SearchGround } from './search.ts';
import { viewOf, warningsFor, type Fields } from './views.ts';

/** The reads that rank nothing. Each answer is of one sequence. */
export type Found = { readonly sequence: number; readonly points: readonly PointView[] };
export type Page = Found & { readonly more: boolean; readonly warnings: readonly Warning[] };
export type Counted = { readonly sequence: number; readonly count: number; readonly warnings: readonly Warning[] };
type Ground = Pick<SearchGround, 'state' | 'payloadIndexes' | 'scans'>;

/** In the order asked; absent ones are left out. */
export function readPoints({ state }: Ground, ids: readonly string[], fields: Fields): Found {
  const points: PointView[] = [];
  for (const id of ids) {
    const record = state.point(id);
    if (record !== undefined) points.push(viewOf(id, record, fields));
  }
  return { sequence: state.meta.sequence, points };
}

/** In the order of the ids' UTF-8 bytes. */
export function scrollPoints({ state, payloadIndexes, scans }: Ground, spec: ScrollSpec): Promise<Page> {
  return scans.run(async () => {
    const { filter } = spec;
    const plan = filter && payloadIndexes.plan(filter);
    const warnings = warningsFor(filter, payloadIndexes.indexed);
    using snapshot = state.snapshot();
    const sorted = plan && prefersSorting(plan.possible.size, spec.limit, state.meta.points);
    const page = sorted ? await scrollPlanned(snapshot, plan, { ...spec, filter }) : await scroll(snapshot, spec);
    return { sequence: snapshot.sequence, ...page, warnings };
  });
}

/** `deadline` in epoch milliseconds: nobody waits for the answer any more. */
export async function countPoints(
  { state, payloadIndexes, scans }: Ground,
  filter?: Filter,
  deadline?: number,
): Promise<Counted> {
  const { sequence, points } = state.meta;
  if (filter === undefined) return { sequence, count: points, warnings: [] };
  return scans.run(async () => {
    const plan = payloadIndexes.plan(filter);
    const known = plan !== undefined && (plan.exact || plan.possible.size < points);
    const warnings = warningsFor(filter, payloadIndexes.indexed);
    using snapshot = state.snapshot();
    const found = known ? countPlanned(snapshot, plan, deadline) : count(snapshot, filter, deadline);
    return { sequence: snapshot.sequence, count: await found, warnings };
  });
}
