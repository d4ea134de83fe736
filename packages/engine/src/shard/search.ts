import assert from 'node:assert/strict';
import type { Filter, Hit, Metric, SearchSpec, SearchResult, Warning } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { compileFilter, type Matcher } from '../filter/compile.ts';
import { namesPoints } from '../filter/named-ids.ts';
import type { Candidate } from '../payload-index/best-candidates.ts';
import type { PayloadIndexes } from '../payload-index/payload-indexes.ts';
import type { Plan } from '../payload-index/plan.ts';
import type { ShardState } from '../state/shard-state.ts';
import type { Snapshot } from '../state/snapshot.ts';
import { isZero } from '../vector/metric.ts';
import type { Found, Scored } from '../vector/ranking.ts';
import type { PointIndex } from '../vector/point-index.ts';
import type { Gate } from './gate.ts';
import type { HeldState, HeldStates } from './held-states.ts';
import { searchNearby, type Width } from './nearby.ts';
import { candidatesNow, candidatesOf, HeldPlan, widthFor } from './planned.ts';
import { exactSearch } from './scan.ts';
import { viewOf, warningsFor } from './views.ts';

/** What a search reflects, exactly: the state after the entry of this sequence. */
export type ShardSearchResult = SearchResult & { readonly sequence: number };

/** A search, and until when (epoch milliseconds) somebody waits for it. */
export type TimedSearch = SearchSpec & { readonly deadline?: number };

export type SearchGround = {
  readonly state: ShardState;
  readonly index: PointIndex;
  readonly payloadIndexes: PayloadIndexes;
  readonly scans: Gate;
  readonly efDefault: number;
  /** States of searches that are under way and have given way. */
  readonly held: HeldStates;
};
const EVERYTHING: Filter = {};
/** Wider than this, the graph costs more than it saves over a look at every point. */
const UNPLANNED: Width = { first: 0, max: 2_000 };

/** Answers at once unless so many points have to be looked at that others must have their turns. */
export function search(ground: SearchGround, spec: TimedSearch): ShardSearchResult | Promise<ShardSearchResult> {
  checkQuery(ground.state.meta, spec.vector);
  const served = servedByIndex(ground, spec);
  if (spec.filter === undefined && served) return searchIndex(ground, spec);
  const plan = ground.payloadIndexes.plan(spec.filter ?? EVERYTHING);
  if (plan !== undefined) return searchPlanned(ground, spec, plan);
  if (!served || namesPoints(spec.filter)) return searchAll(ground, spec);
  if (ground.index.exhaustive) return searchIndex(ground, spec);
  return (
    searchNear(ground, spec, {
      verdict: matcherOf(ground.state, compileFilter(spec.filter ?? EVERYTHING)),
      width: UNPLANNED,
    }) ?? searchAll(ground, spec)
  );
}

function servedByIndex({ index }: SearchGround, spec: SearchSpec): boolean {
  return spec.exact !== true || index.exact === true;
}

/** With what the payload indexes know of the filter. */
function searchPlanned(
  ground: SearchGround,
  spec: TimedSearch,
  plan: Plan,
): ShardSearchResult | Promise<ShardSearchResult> {
  const { state, index } = ground;
  const ef = Math.max(spec.ef ?? ground.efDefault, spec.k);
  const width = spec.exact === true ? undefined : widthFor(plan, { k: spec.k, ef, points: state.meta.points });
  if (width !== undefined) {
    if (index.exhaustive) return searchIndex(ground, spec, plan);
    const near = searchNear(ground, spec, { verdict: plannedMatcher(state, plan), width });
    if (near !== undefined) return near;
  }
  // What an exact index finds is exact, also where it is found without it.
  const asked = index.exact === true ? { ...spec, exact: true } : spec;
  const found = candidatesNow(state, plan, asked);
  if (found === undefined) return searchCandidates(ground, asked);
  return candidatesFound(found, spec, { sequence: state.meta.sequence, warnings: warningsOf(ground, spec) });
}

function searchCandidates(ground: SearchGround, spec: TimedSearch): Promise<ShardSearchResult> {
  const { state, scans, payloadIndexes } = ground;
  return scans.run(async () => {
    // Made anew, of the state that the snapshot is of: it may have been a while until this search had its turn.
    const plan = payloadIndexes.plan(spec.filter ?? EVERYTHING);
    using snapshot = state.snapshot();
    const seen = { sequence: snapshot.sequence, warnings: warningsOf(ground, spec) };
    if (plan === undefined) return await scanned(snapshot, spec, { ...seen, metric: state.meta.metric });
    return candidatesFound(await candidatesOf(snapshot, plan, { ...spec, metric: state.meta.metric }), spec, seen);
  });
}

type Seen = Pick<ShardSearchResult, 'sequence' | 'warnings'>;

function candidatesFound(found: readonly Candidate[], spec: SearchSpec, seen: Seen): ShardSearchResult {
  return { ...seen, hits: found.map(({ id, record, score }) => ({ ...viewOf(id, record, spec), score })) };
}

function warningsOf({ payloadIndexes }: SearchGround, { filter }: SearchSpec): readonly Warning[] {
  return warningsFor(filter, payloadIndexes.indexed);
}

/** By the index alone, which is given the filter, if there is one. */
export function searchIndex(
  ground: SearchGround,
  spec: TimedSearch,
  plan?: Plan,
): ShardSearchResult | Promise<ShardSearchResult> {
  const { state, index } = ground;
  ground.held.check(state.meta.sequence);
  const matches = spec.filter === undefined ? undefined : compileFilter(spec.filter);
  let held: Snapshot | undefined;
  const byPayload = (id: string): boolean => matches?.(id, (held ?? state).summary(id)?.payload ?? null) ?? true;
  const planned = plan === undefined ? undefined : new HeldPlan(plan);
  const found = index.search(spec.vector, {
    k: spec.k,
    ef: Math.max(spec.ef ?? ground.efDefault, spec.k),
    vectorOf: (id) => (held ?? state).vector(id),
    quantization: spec.quantization,
    deadline: spec.deadline,
    ...(matches && { accept: planned?.accepts(byPayload) ?? byPayload }),
  });
  const warnings = warningsOf(ground, spec);
  if (!(found instanceof Promise)) {
    planned?.[Symbol.dispose]();
    return { sequence: state.meta.sequence, hits: hitsOf(state, found, spec), warnings };
  }
  // Nobody has had a turn since the search began, so this is the state that it searches.
  const holding = ground.held.hold(state);
  held = holding.snapshot;
  return settle({ found, holding, spec, warnings }).finally(() => planned?.[Symbol.dispose]());
}

/** What the hits carry is of the state that was searched, whatever was applied meanwhile. */
async function settle(running: {
  readonly found: Promise<readonly Found[]>;
  readonly holding: HeldState;
  readonly spec: SearchSpec;
  readonly warnings: readonly Warning[];
}): Promise<ShardSearchResult> {
  const { spec, warnings } = running;
  using holding = running.holding;
  const { snapshot } = holding;
  const found = aboveThreshold(await running.found, spec);
  return { sequence: snapshot.sequence, hits: found.flatMap((hit) => heldHit(snapshot, hit, spec)), warnings };
}

function heldHit(held: Snapshot, { id, score }: Scored, spec: SearchSpec): readonly Hit[] {
  const record = held.point(id);
  return record === undefined ? [] : [{ ...viewOf(id, record, spec), score }];
}

export function checkQuery(shape: { readonly dimension: number; readonly metric: Metric }, vector: Float32Array): void {
  if (vector.length !== shape.dimension) {
    throw new Failure('dimension_mismatch', `expected ${shape.dimension} components, got ${vector.length}`, {
      details: { expected: shape.dimension, actual: vector.length },
    });
  }
  if (shape.metric === 'cosine' && isZero(vector)) {
    throw new Failure('validation_error', 'a zero vector has no direction, which cosine needs');
  }
}

type Verdict = (id: string) => boolean;

/** By the payloads of the present state, each read once. */
function matcherOf(state: ShardState, matches: Matcher): Verdict {
  const known = new Map<string, boolean>();
  return (id) => {
    let answer = known.get(id);
    if (answer === undefined) known.set(id, (answer = matches(id, state.summary(id)?.payload ?? null)));
    return answer;
  };
}

/** By the indexes, and by the payloads only where those are not sure. */
function plannedMatcher(state: ShardState, plan: Plan): Verdict {
  const matches = matcherOf(state, plan.matches);
  return (id) => {
    const slot = plan.slots.slotOf(id);
    if (slot === undefined || !plan.possible.has(slot)) return false;
    return plan.exact || plan.sure.has(slot) || matches(id);
  };
}

function searchNear(
  ground: SearchGround,
  spec: SearchSpec,
  { verdict, width }: { readonly verdict: Verdict; readonly width: Width },
): ShardSearchResult | undefined {
  const { state, index } = ground;
  const ef = Math.max(spec.ef ?? ground.efDefault, spec.k);
  const vectorOf = (id: string): Float32Array | undefined => state.point(id)?.vector;
  const found = searchNearby(index, { ...spec, ef, vectorOf, width }, verdict);
  if (found === undefined) return undefined;
  const hits = hitsOf(state, found, spec);
  return { sequence: state.meta.sequence, hits, warnings: warningsOf(ground, spec) };
}

/** Reads every point, or those that the filter names. An index that holds codes of its own is not given others beside them. */
function searchAll(ground: SearchGround, spec: TimedSearch): Promise<ShardSearchResult> {
  const { state, scans, index, payloadIndexes } = ground;
  if (spec.exact === true && !index.exhaustive && !namesPoints(spec.filter)) payloadIndexes.wantCodes();
  return scans.run(async () => {
    using snapshot = state.snapshot();
    const seen = { sequence: snapshot.sequence, warnings: warningsOf(ground, spec) };
    return await scanned(snapshot, spec, { ...seen, metric: state.meta.metric });
  });
}

async function scanned(
  snapshot: Snapshot,
  spec: TimedSearch,
  { metric, ...seen }: Seen & { readonly metric: Metric },
): Promise<ShardSearchResult> {
  const { vector, k, filter, deadline } = spec;
  const found = await exactSearch(snapshot, { vector, metric, k, filter, deadline });
  return { ...seen, hits: aboveThreshold(found, spec).flatMap((hit) => heldHit(snapshot, hit, spec)) };
}

/**
 * Reads no more of the points than is asked for. Versions are known to the index: reading them from the store, about
 * 2 µs for each hit, took a fifth of a search.
 */
function hitsOf(state: ShardState, found: readonly Found[], spec: SearchSpec): readonly Hit[] {
  const above = aboveThreshold(found, spec);
  if (!spec.with_payload && !spec.with_vector) return above;
  return above.map((hit) => {
    if (spec.with_vector) return { ...viewOf(hit.id, present(state.point(hit.id), hit), spec), score: hit.score };
    const { payload } = present(state.summary(hit.id), hit);
    return { id: hit.id, version: hit.version, payload, score: hit.score };
  });
}

function present<Point extends { readonly version: number }>(point: Point | undefined, hit: Found): Point {
  assert(point?.version === hit.version, 'the index and the state are of one sequence');
  return point;
}

function aboveThreshold<Hits extends Scored>(found: readonly Hits[], { score_threshold }: SearchSpec): readonly Hits[] {
  if (score_threshold === undefined) return found;
  return found.filter(({ score }) => score >= score_threshold);
}
