import type { Violation } from './evidence.ts';
import type { HistoryEvent } from './history.ts';
import type { RunResult } from './run.ts';

const SHOWN_MAX = 20;
const LINE_MAX = 1_000;

/** `logs`: where those of the processes are, if they were kept. */
type Described = { readonly seed: number; readonly result: RunResult; readonly logs: string | undefined };

/** What a person is told of a run: what was done, and each violation with the events that show it. */
export function describeRun({ seed, result, logs }: Described): string {
  const { violations, history, acknowledged, answered, unknown, hits, faults, cut } = result;
  const reads = `${answered} reads answered (${hits} from caches)`;
  const work = `${acknowledged} writes acknowledged, ${unknown} of unknown outcome, ${reads}, ${cut.join(' and ')} entries cut off the logs`;
  const lines = [`chaos: seed ${seed}, ${faults.length} faults, ${work}: ${violations.length} violations`];
  for (const violation of violations.slice(0, SHOWN_MAX)) lines.push(...describe(violation, history));
  if (violations.length > SHOWN_MAX) lines.push(`… and ${violations.length - SHOWN_MAX} more`);
  if (logs !== undefined) lines.push(`history: ${result.historyFile}`, `logs of the processes: ${logs}`);
  return lines.join('\n');
}

function describe({ rule, message, calls }: Violation, history: readonly HistoryEvent[]): string[] {
  const shown = new Set(calls);
  const events = history.filter((event) => event.type !== 'fault' && shown.has(event.call));
  const during = events.length === 0 ? [] : faultsWithin(history, events);
  return [
    `${rule}: ${message}`,
    ...[...events, ...during].toSorted((a, b) => a.at - b.at).map((event) => `    ${lineOf(event)}`),
  ];
}

/** The faults that were under way, or over a moment ago, when it happened. */
function faultsWithin(history: readonly HistoryEvent[], events: readonly HistoryEvent[]): HistoryEvent[] {
  const first = Math.min(...events.map(({ at }) => at));
  const last = Math.max(...events.map(({ at }) => at));
  return history.filter(({ type, at }) => type === 'fault' && at > first - BEFORE_MS && at < last);
}
const BEFORE_MS = 5_000;

function lineOf(event: HistoryEvent): string {
  const text = JSON.stringify(event);
  return text.length > LINE_MAX ? `${text.slice(0, LINE_MAX)}…` : text;
}
