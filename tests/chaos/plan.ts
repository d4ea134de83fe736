import { seededRandom, type SeededRandom } from '@vectorizer/testing';

/** What befalls a process, when (since the workload began) and for how long. */
export type PlannedFault = {
  readonly atMs: number;
  readonly kind: FaultKind;
  readonly target: string;
  readonly forMs: number;
};
/**
 * `kill`: it ends at once, and is started again. `pause`: it stands still. `hang`: it stands still, then it ends.
 * `cut`: it is there, and nobody reaches it. `tear`: an index node is killed, and bytes of its files are changed or cut off before it is started again.
 */
export const FAULT_KINDS = ['kill', 'pause', 'hang', 'cut', 'tear'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export type PlanOptions = {
  readonly seed: number;
  readonly durationMs: number;
  /** The processes that there are, by name. */
  readonly members: readonly string[];
  /** Which of the faults can be had here. */
  readonly kinds: readonly FaultKind[];
};

/** Long enough for the first writes, so that there is something to lose. */
const FIRST_MS = 1_500;
const INTERVAL_MS_MIN = 1_000;
const INTERVAL_MS_SPREAD = 3_000;
const LENGTH_MS_MIN = 300;
const LENGTH_MS_SPREAD = 4_000;
/** Whoever starts processes again gives up on one that ends five times in a minute. */
const KILLS_PER_MINUTE_MAX = 3;
const MINUTE_MS = 60_000;
/** Log servers need a majority: the next is not touched before this long after the last one came back. */
const ELECTION_MS = 6_000;

/** The faults of a run: a function of the seed, the length and the processes. */
export function planFaults({ seed, durationMs, members, kinds }: PlanOptions): PlannedFault[] {
  const random = seededRandom(seed);
  const faults: PlannedFault[] = [];
  let atMs = FIRST_MS;
  while (atMs < durationMs && kinds.length > 0) {
    const target = random.pick(members);
    const kind = pickKind(random, target, kinds);
    const forMs = kind === 'kill' || kind === 'tear' ? 0 : LENGTH_MS_MIN + random.int(LENGTH_MS_SPREAD);
    const fault = { atMs, kind, target, forMs };
    if (isBearable(fault, faults)) faults.push(fault);
    atMs += INTERVAL_MS_MIN + random.int(INTERVAL_MS_SPREAD);
  }
  return faults;
}

function pickKind(random: SeededRandom, target: string, kinds: readonly FaultKind[]): FaultKind {
  const possible = kinds.filter((kind) => kind !== 'tear' || target.startsWith('index'));
  const weighted = possible.flatMap((kind) => Array.from<FaultKind>({ length: kind === 'kill' ? 3 : 2 }).fill(kind));
  return random.pick(weighted);
}

function isBearable(fault: PlannedFault, before: readonly PlannedFault[]): boolean {
  const same = before.filter(({ target }) => target === fault.target);
  if (same.some(({ atMs, forMs }) => fault.atMs < atMs + forMs + INTERVAL_MS_MIN)) return false;
  if (same.filter(({ atMs }) => fault.atMs - atMs < MINUTE_MS).length >= KILLS_PER_MINUTE_MAX) return false;
  if (!isLogServer(fault.target)) return true;
  return !before.some(({ target, atMs, forMs }) => isLogServer(target) && fault.atMs < atMs + forMs + ELECTION_MS);
}

function isLogServer(name: string): boolean {
  return name.startsWith('nats');
}
