import { parseArgs } from 'node:util';
import { runCommand, say, tell } from '../command.ts';
import { FULL, QUICK } from '../options.ts';
import { describeCommit, writeRecord, type Recorded } from '../outcome/record.ts';
import { describeMachine, printTable } from '../outcome/result.ts';
import { Progress } from '../progress.ts';
import { scaleCollections } from './collections.ts';
import { scaleConnections } from './connections.ts';
import type { Part } from './part.ts';
import { scaleProcesses } from './processes.ts';
import { markdownOfScale } from './report.ts';
import { scaleSize } from './size.ts';
import { soak } from './soak.ts';

const PARTS = {
  size: scaleSize,
  processes: scaleProcesses,
  collections: scaleCollections,
  connections: scaleConnections,
  soak,
} as const satisfies Readonly<Record<string, Part>>;
type PartName = keyof typeof PARTS;
const NAMES = Object.keys(PARTS) as PartName[];
const MINUTES_MAX = 24 * 60;
const POINTS_MIN = 1_000;
const POINTS_MAX = 1_000_000;

const USAGE = `usage: ./vectorizer bench scale [${NAMES.join('] [')}] [--quick] [--json FILE]
         [--points 100000] [--minutes 30]

Measures how costs grow, on this machine, and whether they stand still where they should; without names, all parts.
  size             one engine from 1,000 to 100,000 points of 128 dimensions, and one of 768: a search at ef 64 with its
                   recall, an insertion, memory, disk and restart; how each grows is fitted, and the largest size is
                   predicted from those below
  processes        searches through HTTP of a cluster of 1 and 2 index nodes, with 1, 2 and 4 shards, and what each
                   service takes for one
  collections      1,000 collections on one server: made, searched beside, and all there after a restart
  connections      searches beside 9,900 idle connections (ulimit -n must be above 10,400)
  soak             searches and updates at 70 % of the limit; fails when memory grows by more than 10 % an hour
  --points N       the largest size, up to 1,000,000; --quick ends at 10,000
  --minutes N      how long the soak is; from less than 15 the growth is told and not judged
  --quick          small sets and short rounds
  --json FILE      write machine and results, after each part
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      points: { type: 'string', default: '100000' },
      minutes: { type: 'string', default: '30' },
      json: { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    say(USAGE);
    return 0;
  }
  const { quick, json } = values;
  const { rounds } = quick ? QUICK : FULL;
  const pointsMax = wholeNumber('--points', values.points, [POINTS_MIN, POINTS_MAX]);
  const minutes = wholeNumber('--minutes', values.minutes, [1, MINUTES_MAX]);
  const progress = new Progress(tell);
  const about = { at: new Date().toISOString(), commit: describeCommit(), quick, rounds: rounds.count };
  let record: Recorded = { ...about, machine: describeMachine(), dataset: 'synthetic, seed 1', results: [] };
  for (const name of namesOf(positionals)) {
    const measured = await PARTS[name]({ quick, rounds, pointsMax, minutes, progress, say: tell });
    record = { ...record, results: [...record.results, ...measured] };
    // After each, so that what comes later cannot take it along.
    if (json !== undefined) writeRecord(json, record);
  }
  printTable(record.results, say);
  say(['', ...markdownOfScale(record)].join('\n'));
  return 0;
}

function namesOf(words: readonly string[]): readonly PartName[] {
  const unknown = words.find((word) => !NAMES.some((name) => name === word));
  if (unknown !== undefined) throw new Error(`no part is named "${unknown}": there are ${NAMES.join(', ')}`);
  return words.length === 0 ? NAMES : NAMES.filter((name) => words.includes(name));
}

function wholeNumber(option: string, text: string, [min, max]: readonly [number, number]): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`${option}: expected a whole number from ${min} to ${max}, got "${text}"`);
}

await runCommand(main);
