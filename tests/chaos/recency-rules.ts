import type { Case, Violation } from './evidence.ts';
import { isAcknowledged, isAnswered, type AnsweredRead, type WriteCall } from './history.ts';
import { asOf } from './read-rules.ts';

/** A write that was acknowledged: when, and at which sequence of a shard. */
type Acknowledged = { readonly at: number; readonly sequence: number; readonly call: number };

/** A bounded read is as of a sequence at or after every write that was acknowledged its lag before it began. */
export function* boundedReadsAreRecent(evidence: Case): Generator<Violation> {
  const writes = byShard(evidence, isAcknowledged);
  for (const call of evidence.calls.reads.filter(isAnswered)) {
    const { request } = call;
    if (request.consistency !== 'bounded') continue;
    const before = call.at - request.max_lag_ms;
    yield* missed(evidence, call, { writes, before, rule: 'stale-bounded-read' });
  }
}

/**
 * A read that names no level and carries no token sees what its own gateway has acknowledged as applied, for as long as
 * that gateway lives: after the first fault of one, nothing is claimed.
 */
export function* gatewaysRemember(evidence: Case): Generator<Violation> {
  const until = Math.min(...evidence.faults.filter(({ what }) => what.includes('gateway')).map(({ at }) => at));
  const reads = evidence.calls.reads.filter(isAnswered).filter(demandsWhatItsGatewayKnows);
  for (const [gateway, ofGateway] of Map.groupBy(reads, (read) => read.gateway)) {
    const applied = (write: WriteCall): boolean =>
      isAcknowledged(write) && write.gateway === gateway && write.request.wait !== 'logged';
    const writes = byShard(evidence, applied);
    for (const call of ofGateway.filter(({ at }) => at < until)) {
      yield* missed(evidence, call, { writes, before: call.at, rule: 'forgetful-gateway' });
    }
  }
}

/** One that takes a stale answer demands nothing of what its gateway has acknowledged. */
function demandsWhatItsGatewayKnows({ request }: AnsweredRead): boolean {
  return request.consistency === 'default' && !('max_staleness_ms' in request);
}

/** A search that refuses a kept answer is told that it got none. */
export function* refusedCachesArePassedBy(evidence: Case): Generator<Violation> {
  for (const { call, request, end } of evidence.calls.reads.filter(isAnswered)) {
    if (request.kind !== 'search' || request.no_cache === undefined || end.cache === 'bypass') continue;
    yield {
      rule: 'kept-answer-forced',
      message: `no-cache was asked for, and the answer is a ${end.cache}`,
      calls: [call],
    };
  }
}

/** By shard, in the order in which they were acknowledged. */
function byShard(evidence: Case, wanted: (write: WriteCall) => boolean): Acknowledged[][] {
  return evidence.replays.map((replay) =>
    evidence.calls.writes
      .flatMap((write): Acknowledged[] => {
        const sequence = replay.places.get(write.request.key)?.sequences[0];
        if (sequence === undefined || !wanted(write) || !isAcknowledged(write)) return [];
        return [{ at: write.end.at, sequence, call: write.call }];
      })
      .toSorted((a, b) => a.at - b.at),
  );
}

type Claim = { readonly writes: readonly Acknowledged[][]; readonly before: number; readonly rule: string };

function* missed(evidence: Case, call: AnsweredRead, { writes, before, rule }: Claim): Generator<Violation> {
  for (const { shard, sequence } of asOf(evidence, call)) {
    const unseen = writes[shard]?.find((write) => write.at < before && write.sequence > sequence);
    if (unseen === undefined) continue;
    const message = `shard ${shard} was read as of ${sequence}, and ${unseen.sequence} had been acknowledged`;
    yield { rule, message, calls: [unseen.call, call.call] };
  }
}
