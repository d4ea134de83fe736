import { randomInt } from 'node:crypto';
import { inspect, parseArgs } from 'node:util';
import { chaos } from './chaos.ts';
import { LOADS } from './intents.ts';
import { FAULT_KINDS } from './plan.ts';

const USAGE = `usage: ./vectorizer chaos [--seed N] [--minutes M] [--nodes 3] [--load mixed|repeated] [--small-logs] [--keep]

A cluster of real processes works while they are killed, paused, cut off and damaged; then everything that clients were
answered is held against the write logs. With --load repeated clients mostly repeat a few searches, at every consistency,
which caches answer. With --small-logs the logs are cut behind snapshots all the while. With --keep the history and the logs are kept in any case. Exits with 1 when a
promise was broken. See docs/TESTING.md.`;

/** Answers the exit code. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: String(randomInt(1_000_000)) },
      minutes: { type: 'string', default: '2' },
      nodes: { type: 'string', default: '3' },
      'small-logs': { type: 'boolean', default: false },
      load: { type: 'string', default: 'mixed' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    say(USAGE);
    return 0;
  }
  const [seed, minutes, nodes] = [values.seed, values.minutes, values.nodes].map(Number);
  if (!isCount(seed) || !isCount(nodes) || minutes === undefined || !(minutes > 0)) throw new Error(USAGE);
  const load = LOADS.find((each) => each === values.load);
  if (load === undefined) throw new Error(USAGE);
  say(`chaos: seed ${seed}, ${minutes} minutes, ${nodes} index nodes, ${load} load`);
  const { violations, report } = await chaos({
    seed,
    durationMs: minutes * 60_000,
    kinds: FAULT_KINDS,
    load,
    shape: { nodes, replicas: Math.min(nodes, 3) },
    smallLogs: values['small-logs'],
    keep: values.keep,
    say,
  });
  say(report);
  return violations.length === 0 ? 0 : 1;
}

function isCount(value: number | undefined): value is number {
  return value !== undefined && Number.isSafeInteger(value) && value >= 0;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(
    `vectorizer: ${error instanceof Error && error.cause === undefined ? error.message : inspect(error)}\n`,
  );
  process.exitCode = 2;
}
