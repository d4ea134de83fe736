import type { Outcome } from '@vectorizer/contracts';
import type { Case, Part, Violation } from './evidence.ts';
import { isAcknowledged, type WriteCall } from './history.ts';
import { canonical, operationOf } from './logged.ts';

/** What a write claims about the log: where it is (a sequence), that it is there somewhere, that it is not, or nothing. */
type Claim = number | 'somewhere' | 'nowhere' | undefined;

/** An acknowledged write is in the log where the answer says, and one that was refused is not there. */
export function* acknowledgedIsLogged(evidence: Case): Generator<Violation> {
  for (const call of evidence.calls.writes) {
    for (const part of evidence.partsOf(call)) {
      const claim = claimOf(call, part);
      const found = evidence.replayOf(part.shard).places.get(call.request.key)?.sequences ?? [];
      const where = `shard ${part.shard}, where it lies at ${found.length === 0 ? 'no sequence' : found.join(', ')}`;
      const about = `${call.request.key} (wait=${call.request.wait})`;
      const calls = [call.call];
      if (typeof claim === 'number' && !found.includes(claim)) {
        yield { rule: 'lost-write', message: `${about} was acknowledged at sequence ${claim} of ${where}`, calls };
      } else if (claim === 'somewhere' && found.length === 0) {
        yield { rule: 'lost-write', message: `${about} was acknowledged by ${where}`, calls };
      } else if (claim === 'nowhere' && found.length > 0 && isRefused(evidence, call)) {
        yield { rule: 'refused-write', message: `${about} was refused, but is in ${where}`, calls };
      }
    }
  }
}

function claimOf({ end }: WriteCall, { shard }: Part): Claim {
  if (end === undefined) return undefined;
  if (end.outcome === 'acknowledged') return end.sequences === null ? 'somewhere' : (end.sequences[shard] ?? 0);
  if (end.outcome === 'refused') return 'nowhere';
  return end.outcome === 'unknown' && end.logged === true ? end.sequences?.[shard] : undefined;
}

/** Another attempt of the same request may have been logged. */
function isRefused(evidence: Case, { request }: WriteCall): boolean {
  return evidence.attempts.get(request.key)?.every(({ end }) => end?.outcome === 'refused') ?? false;
}

/** What a write was told is what it came to at its one place in the order: the first at which the log holds it. */
export function* outcomesAreExplained(evidence: Case): Generator<Violation> {
  for (const call of evidence.calls.writes) {
    if (!isAcknowledged(call) || call.end.results === null) continue;
    for (const { shard, places } of evidence.partsOf(call)) {
      const place = evidence.replayOf(shard).places.get(call.request.key);
      if (place === undefined) continue;
      for (const [i, at] of places.entries()) {
        const [told, is] = [call.end.results[at], place.outcomes[i]];
        if (told === undefined || is === undefined || same(told, is)) continue;
        const op = call.request.ops[at];
        const message =
          `${call.request.key}, ${op?.kind} of ${op?.id}: answered ${say(told)}, but at its place ` +
          `(shard ${shard}, sequence ${place.sequences[0]}) it came to ${say(is)}`;
        yield { rule: 'wrong-outcome', message, calls: [call.call] };
      }
    }
  }
}

type Told = Pick<Outcome, 'status' | 'version'>;

function same(told: Told, is: Told): boolean {
  return told.status === is.status && (told.version === undefined || told.version === is.version);
}

function say({ status, version }: Told): string {
  return version === undefined ? status : `${status} at version ${version}`;
}

/** The log holds what clients sent and nothing else, as they sent it, each point in its shard. */
export function* logIsFromClients(evidence: Case): Generator<Violation> {
  for (const [shard, log] of evidence.logs.entries()) {
    let previous = 0;
    for (const { sequence, requests } of log) {
      const where = `sequence ${sequence} of shard ${shard}`;
      if (sequence !== previous + 1) {
        yield { rule: 'log-gap', message: `after ${previous} comes ${where}`, calls: [] };
      }
      previous = sequence;
      if (requests === null) yield { rule: 'foreign-entry', message: `${where} is no entry`, calls: [] };
      for (const { id, ops } of requests ?? []) {
        const sent = evidence.attempts.get(id)?.[0];
        const wanted = sent?.request.ops.filter((op) => evidence.shardOf(op.id) === shard).map(operationOf) ?? [];
        if (JSON.stringify(ops.map(canonical)) === JSON.stringify(wanted.map(canonical))) continue;
        const message = `${where} holds ${ops.length} operations of ${id}, which asked for ${wanted.length} or others`;
        yield { rule: 'foreign-entry', message, calls: sent === undefined ? [] : [sent.call] };
      }
    }
  }
}

/** Of two writes to a shard, one acknowledged before the other began, the earlier comes first in the log. */
export function* orderIsReal(evidence: Case): Generator<Violation> {
  for (const [shard, replay] of evidence.replays.entries()) {
    const moments: { at: number; sequence: number; call: number; ends: boolean }[] = [];
    for (const [key, { sequences }] of replay.places) {
      const attempts = evidence.attempts.get(key) ?? [];
      const [first] = attempts;
      const sequence = sequences[0] ?? 0;
      if (first !== undefined) moments.push({ at: first.at, sequence, call: first.call, ends: false });
      const done = attempts.find(isAcknowledged);
      if (done !== undefined) moments.push({ at: done.end.at, sequence, call: done.call, ends: true });
    }
    let latest: (typeof moments)[number] | undefined;
    for (const moment of moments.toSorted((a, b) => a.at - b.at)) {
      if (moment.ends && moment.sequence > (latest?.sequence ?? 0)) latest = moment;
      if (moment.ends || latest === undefined || latest.sequence < moment.sequence) continue;
      const message = `shard ${shard}: logged at ${moment.sequence}, after ${latest.sequence} had been acknowledged`;
      yield { rule: 'order', message, calls: [latest.call, moment.call] };
    }
  }
}
