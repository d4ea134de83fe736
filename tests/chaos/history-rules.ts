import type { Case, Violation } from './evidence.ts';
import { isAcknowledged, isAnswered, type SeenPoint, type WriteOp } from './history.ts';

/** These rules need no log: the answers alone must agree with each other. */
type Success = {
  readonly op: WriteOp;
  readonly key: string;
  readonly call: number;
  readonly status: string;
  readonly version: number;
};

/** What was acknowledged as done, once for each request, by point. */
function successes(evidence: Case): ReadonlyMap<string, readonly Success[]> {
  const found: Success[] = [];
  for (const [key, attempts] of evidence.attempts) {
    const call = attempts.find((attempt) => isAcknowledged(attempt) && attempt.end.results !== null);
    if (call === undefined || !isAcknowledged(call)) continue;
    for (const [i, { status, version }] of call.end.results?.entries() ?? []) {
      const op = call.request.ops[i];
      const done = status === 'created' || status === 'updated' || status === 'deleted';
      if (op !== undefined && done && version !== undefined) found.push({ op, key, call: call.call, status, version });
    }
  }
  return Map.groupBy(found, ({ op }) => op.id);
}

/** A version is there once, so only one request can have found it and changed it. */
export function* conditionsHold(evidence: Case): Generator<Violation> {
  for (const [id, done] of successes(evidence)) {
    const conditional = Map.groupBy(done, ({ op }) => ('if_version' in op ? op.if_version : undefined));
    for (const [version, group] of conditional) {
      const keys = new Set(group.map(({ key }) => key));
      // An absent point has version 0, and that can come again.
      if (version === undefined || version === 0 || keys.size < 2) continue;
      const message = `${id}: ${keys.size} requests changed version ${version}: ${[...keys].join(', ')}`;
      yield { rule: 'conflict', message, calls: group.map(({ call }) => call) };
    }
  }
}

/** Before the insertion of a point that was there lies a deletion that was acknowledged, or whose outcome nobody knows. */
export function* insertsFindNothing(evidence: Case): Generator<Violation> {
  const unsure = new Set(
    evidence.calls.writes
      .filter((call) => !isAcknowledged(call) || call.end.results === null)
      .flatMap(({ request }) => request.ops.filter(({ kind }) => kind === 'delete').map(({ id }) => id)),
  );
  for (const [id, done] of successes(evidence)) {
    if (unsure.has(id)) continue;
    const ordered = done.toSorted((a, b) => a.version - b.version);
    for (const inserted of ordered.filter(({ op }) => op.kind === 'insert')) {
      const before = ordered.findLast(
        ({ status, version }) => status !== 'deleted' && status !== 'unchanged' && version < inserted.version,
      );
      const deleted = ordered.some(
        ({ status, version }) =>
          status === 'deleted' && version >= (before?.version ?? 0) && version <= inserted.version,
      );
      if (before === undefined || deleted) continue;
      const message = `${id} was inserted at ${inserted.version}, where it was since ${before.version}`;
      yield { rule: 'double-insert', message, calls: [before.call, inserted.call] };
    }
  }
}

/** Along one client's token, a point never goes back to an earlier version. */
export function* sessionsGoForward(evidence: Case): Generator<Violation> {
  const seen = new Map<string, { version: number; call: number }>();
  for (const call of evidence.calls.reads) {
    if (call.request.consistency !== 'session' || !isAnswered(call)) continue;
    for (const { id, version } of call.end.points) {
      const key = `${call.client}/${id}`;
      const before = seen.get(key);
      if (before !== undefined && version < before.version) {
        const message = `client ${call.client} saw ${id} at version ${before.version}, then at ${version}`;
        yield { rule: 'session-went-back', message, calls: [before.call, call.call] };
      }
      seen.set(key, { version: Math.max(version, before?.version ?? 0), call: call.call });
    }
  }
}

/**
 * A strong read sees, of each point that it finds, at least what had been acknowledged before it began. (Where it finds
 * none, the log tells; see the rules of reads.)
 */
export function* strongSeesAcknowledged(evidence: Case): Generator<Violation> {
  const byPoint = new Map<string, { at: number; version: number; call: number }[]>();
  for (const call of evidence.calls.writes) {
    if (!isAcknowledged(call)) continue;
    for (const [i, { status, version }] of call.end.results?.entries() ?? []) {
      const id = call.request.ops[i]?.id;
      if (id === undefined || version === undefined || status === 'rejected') continue;
      const known = byPoint.get(id) ?? [];
      known.push({ at: call.end.at, version, call: call.call });
      byPoint.set(id, known);
    }
  }
  for (const call of evidence.calls.reads) {
    if (call.request.consistency !== 'strong' || !isAnswered(call)) continue;
    for (const point of call.end.points) yield* tooOld(point, { ...call, known: byPoint.get(point.id) ?? [] });
  }
}

type Read = {
  readonly at: number;
  readonly call: number;
  readonly known: readonly { readonly at: number; readonly version: number; readonly call: number }[];
};

function* tooOld({ id, version }: SeenPoint, { at, call, known }: Read): Generator<Violation> {
  const missed = known.find((write) => write.at < at && write.version > version);
  if (missed === undefined) return;
  const message = `${id} was read at version ${version}, after version ${missed.version} had been acknowledged`;
  yield { rule: 'stale-strong-read', message, calls: [missed.call, call] };
}
