import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { System } from '../system/system.ts';
import { Arena } from './arena.ts';
import { check } from './check.ts';
import { ChaosClient } from './client.ts';
import type { Violation } from './evidence.ts';
import { carryOut } from './faults.ts';
import { callsOf, isAcknowledged, isAnswered, type HistoryEvent, type ReadRequest } from './history.ts';
import type { Load } from './intents.ts';
import { planFaults, type FaultKind, type PlannedFault } from './plan.ts';
import { Recorder } from './recorder.ts';

export type RunOptions = {
  readonly seed: number;
  readonly durationMs: number;
  readonly system: System;
  readonly replicas: number;
  readonly kinds: readonly FaultKind[];
  /** Which processes are struck; all unless given. */
  readonly targets?: (name: string) => boolean;
  /** What the clients do; `mixed` unless given. */
  readonly load?: Load;
  /** For the history. */
  readonly directory: string;
  readonly say: (line: string) => void;
};

export type RunResult = {
  readonly violations: readonly Violation[];
  readonly history: readonly HistoryEvent[];
  readonly historyFile: string;
  readonly faults: readonly PlannedFault[];
  /** Entries of each shard's log that were cut off behind snapshots. */
  readonly cut: readonly number[];
  readonly acknowledged: number;
  readonly answered: number;
  readonly unknown: number;
  /** Searches that were answered from a cache. */
  readonly hits: number;
};

const CLIENTS = 6;
/** Reads everything at the end; no number of a client's. */
const AUDITOR = 0;
const FINAL_READS: readonly ReadRequest[] = [
  { kind: 'scroll', limit: 1_000, consistency: 'strong' },
  { kind: 'count', consistency: 'strong' },
];
const FINAL_ATTEMPTS = 20;
const FINAL_PAUSE_MS = 500;

/** Clients work while processes fail; then everything is healed, read, and judged. */
export async function runChaos(options: RunOptions): Promise<RunResult> {
  const { seed, durationMs, system, kinds, targets = () => true, load = 'mixed', directory, say } = options;
  const historyFile = join(directory, `history-${seed}.jsonl`);
  await using arena = await Arena.open(system, options.replicas);
  const members = (await system.status()).processes.map(({ name }) => name).filter(targets);
  const faults = planFaults({ seed, durationMs, members, kinds });
  const recorder = new Recorder(historyFile);
  const { doors } = arena;
  const client = (number: number): ChaosClient => new ChaosClient({ seed, number, doors, recorder, load });
  const working = new AbortController();
  const clients = Array.from({ length: CLIENTS }, async (_, i) => client(i + 1).run(working.signal));
  const struck = carryOut(faults, { system, recorder, seed, say });
  await Promise.race([sleep(durationMs), ...clients]);
  working.abort();
  await Promise.all([...clients, struck]);
  say('everything is healed; waiting until it is quiet');
  await arena.healed();
  for (const door of arena.doors) {
    for (const request of FINAL_READS) await insist(() => client(AUDITOR).read(request, door));
  }
  await recorder.close();
  const violations = check(await arena.gather(recorder.events));
  const cut = await arena.cut();
  return { violations, history: recorder.events, historyFile, faults, cut, ...figures(recorder.events) };
}

async function insist(read: () => Promise<boolean>): Promise<void> {
  for (let attempt = 1; !(await read()); attempt++) {
    if (attempt === FINAL_ATTEMPTS) throw new Error('a final read was not answered, although everything is healed');
    await sleep(FINAL_PAUSE_MS);
  }
}

function figures(history: readonly HistoryEvent[]): Pick<RunResult, 'acknowledged' | 'answered' | 'unknown' | 'hits'> {
  const { writes, reads } = callsOf(history);
  return {
    acknowledged: writes.filter(isAcknowledged).length,
    answered: reads.filter(isAnswered).length,
    hits: reads.filter((read) => isAnswered(read) && read.end.cache === 'hit').length,
    unknown: writes.filter(({ end }) => end?.outcome === 'unknown').length,
  };
}
