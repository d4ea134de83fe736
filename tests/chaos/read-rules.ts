import { compareIds } from '@vectorizer/contracts';
import type { Case, Violation } from './evidence.ts';
import { isAcknowledged, isAnswered, type AnsweredRead, type SeenPoint } from './history.ts';
import type { ModelPoint, Replay } from './replay.ts';

/**
 * As of which sequence a read answered for a shard. Its token says so, unless the client's own was later and the read
 * was free to be older: then `exact` is false, and it is some state up to the token.
 */
export type AsOf = { readonly shard: number; readonly sequence: number; readonly exact: boolean };

export function asOf(evidence: Case, { request, token, end }: AnsweredRead): AsOf[] {
  const shards = request.kind === 'get' ? [evidence.shardOf(request.id)] : [...evidence.replays.keys()];
  return shards.map((shard) => {
    const [sent, sequence] = [token?.[shard] ?? 0, end.token[shard] ?? 0];
    return { shard, sequence, exact: request.consistency !== 'eventual' || sequence > sent || sent === 0 };
  });
}

/** The token of an answer is never behind the one that was sent, and names what the log holds. */
export function* tokensGoForward(evidence: Case): Generator<Violation> {
  for (const call of evidence.calls.reads.filter(isAnswered)) {
    for (const [shard, replay] of evidence.replays.entries()) {
      const [sent, got] = [call.token?.[shard] ?? 0, call.end.token[shard] ?? 0];
      const where = `shard ${shard}: sent the token of ${sent}, got that of ${got}`;
      if (got < sent) yield { rule: 'token-went-back', message: where, calls: [call.call] };
      if (got > replay.lastSequence) {
        const message = `${where}, and the log ends at ${replay.lastSequence}`;
        yield { rule: 'token-of-nothing', message, calls: [call.call] };
      }
    }
  }
}

/** What a read answered is what was there at its token: every point, its version and content, and no other. */
export function* readsAreExplained(evidence: Case): Generator<Violation> {
  for (const call of evidence.calls.reads.filter(isAnswered)) {
    const moments = asOf(evidence, call);
    const problems = call.end.points.flatMap((point) => pointProblem(evidence, point, moments) ?? []);
    if (moments.every(({ exact }) => exact)) problems.push(...setProblems(evidence, call, moments));
    for (const message of problems) yield { rule: 'unexplained-read', message, calls: [call.call] };
  }
}

function pointProblem(evidence: Case, point: SeenPoint, moments: readonly AsOf[]): string | undefined {
  const shard = evidence.shardOf(point.id);
  const moment = moments.find((each) => each.shard === shard);
  if (moment === undefined) return `${point.id} was answered and not asked for`;
  const replay = evidence.replayOf(shard);
  const { sequence, exact } = moment;
  const states = replay.states.get(point.id) ?? [];
  const allowed = exact
    ? [replay.at(point.id, sequence)]
    : states.filter((state) => state.sequence <= sequence).map((state) => state.point);
  if (allowed.some((state) => state !== undefined && equal(state, point))) return undefined;
  const ever = states.find((state) => state.point !== undefined && equal(state.point, point));
  const was = ever === undefined ? 'which it never was so' : `which it was from ${ever.sequence} on`;
  const should = replay.at(point.id, sequence);
  const is = should === undefined ? 'absent' : `at version ${should.version}`;
  return `${point.id} was read at version ${point.version} (${was}); at ${sequence} of shard ${shard} it is ${is}`;
}

function equal(state: ModelPoint, seen: SeenPoint): boolean {
  const payload = seen.payload === null ? null : JSON.stringify(seen.payload);
  const { vector } = state;
  const sameVector = vector.length === seen.vector.length && vector.every((x, i) => x === seen.vector[i]);
  return state.version === seen.version && state.payload === payload && sameVector;
}

/** Points that are missing, twice there, or out of order. Those that are there have been looked at one by one. */
function setProblems(evidence: Case, { request, end }: AnsweredRead, moments: readonly AsOf[]): string[] {
  const got = end.points.map(({ id }) => id);
  if (new Set(got).size !== got.length) return [`a point was answered twice: ${got.join(', ')}`];
  const at = moments.map(({ shard, sequence }) => `shard ${shard} at ${sequence}`).join(', ');
  if (request.kind === 'get') {
    const [moment] = moments;
    const is = moment === undefined ? undefined : evidence.replayOf(moment.shard).at(request.id, moment.sequence);
    return (is !== undefined) === got.includes(request.id)
      ? []
      : [`${request.id} was not found; in ${at} it is at version ${is?.version}`];
  }
  const there = moments.flatMap(({ shard, sequence }) => evidence.replayOf(shard).idsAt(sequence)).toSorted(compareIds);
  if (request.kind === 'count') {
    return end.count === there.length ? [] : [`counted ${end.count}; ${at} hold ${there.length}`];
  }
  if (request.kind === 'search') {
    const wanted = Math.min(request.k, there.length);
    return got.length === wanted ? [] : [`found ${got.length} of ${wanted} points; ${at} hold ${there.length}`];
  }
  const { after, limit } = request;
  const rest = after === undefined ? there : there.filter((id) => compareIds(id, after) > 0);
  const page = rest.slice(0, limit);
  if (page.join('\n') !== got.join('\n')) return [`scrolled over ${got.join(', ')}; ${at} hold ${page.join(', ')}`];
  return end.more === rest.length > limit
    ? []
    : [`said ${end.more} to whether more follow; ${rest.length} do in ${at}`];
}

/** A strong read is as of a sequence at or after every write, and every strong read, that was answered before it began. */
export function* strongReadsAreCurrent(evidence: Case): Generator<Violation> {
  const answered = evidence.calls.reads.filter(isAnswered).filter(({ request }) => request.consistency === 'strong');
  for (const [shard, replay] of evidence.replays.entries()) {
    const moments: Moment[] = [];
    for (const call of evidence.calls.writes) {
      const sequence = replay.places.get(call.request.key)?.sequences[0];
      if (sequence !== undefined && isAcknowledged(call)) moments.push({ at: call.end.at, sequence, call: call.call });
    }
    for (const call of answered) {
      const moment = asOf(evidence, call).find((each) => each.shard === shard);
      if (moment === undefined) continue;
      const { sequence } = moment;
      moments.push({ at: call.end.at, sequence, call: call.call });
      moments.push({ at: call.at, sequence, call: call.call, begins: true });
    }
    yield* inOrder(shard, moments);
  }
}

type Moment = { readonly at: number; readonly sequence: number; readonly call: number; readonly begins?: true };

function* inOrder(shard: number, moments: readonly Moment[]): Generator<Violation> {
  let latest: Moment | undefined;
  for (const moment of moments.toSorted((a, b) => a.at - b.at)) {
    if (moment.begins === undefined) {
      if (latest === undefined || moment.sequence > latest.sequence) latest = moment;
    } else if (latest !== undefined && moment.sequence < latest.sequence) {
      const message = `shard ${shard} was read as of ${moment.sequence}, after ${latest.sequence} had been answered`;
      yield { rule: 'stale-strong-read', message, calls: [latest.call, moment.call] };
    }
  }
}

/** Nothing is seen before somebody has asked for it. */
export function* nothingIsFromTheFuture(evidence: Case): Generator<Violation> {
  for (const call of evidence.calls.reads.filter(isAnswered)) {
    for (const { id, version } of call.end.points) {
      const requests = writersOf(evidence.replayOf(evidence.shardOf(id)), id, version);
      const begun = requests.map((key) => evidence.attempts.get(key)?.[0]);
      const [first] = begun;
      if (first === undefined || begun.some((write) => write === undefined || write.at < call.end.at)) continue;
      const message = `${id} was read at version ${version}, before its write began`;
      yield { rule: 'read-from-the-future', message, calls: [call.call, first.call] };
    }
  }
}

function writersOf(replay: Replay, id: string, version: number): readonly string[] {
  return replay.states.get(id)?.find(({ sequence }) => sequence === version)?.requests ?? [];
}
