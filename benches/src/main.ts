import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { runCommand, say, tell } from './command.ts';
import { select } from './figures.ts';
import { readOptions, USAGE, type Options } from './options.ts';
import { budgeted, check, readBudgets } from './outcome/budgets.ts';
import { drawReport } from './outcome/chart.ts';
import { compare } from './outcome/compare.ts';
import { markdownOf } from './outcome/markdown.ts';
import {
  appendToHistory,
  describeCommit,
  HISTORY_FILE,
  readHistory,
  readRecord,
  REPORT_FILE,
  writeRecord,
  type Recorded,
} from './outcome/record.ts';
import { describeMachine, printTable } from './outcome/result.ts';
import { updateRows, updateTable } from './outcome/updates.ts';
import { Progress } from './progress.ts';
import { measure } from './run.ts';

/** `./vectorizer bench`; answers the exit code. */
async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) {
    say(USAGE);
    return 0;
  }
  if (options.report) return drawHistory();
  const record = options.from === undefined ? await measured(options) : readRecord(options.from);
  say('');
  print(record, options);
  if (options.compare !== undefined)
    say(['', ...compare(record.results, readRecord(options.compare).results)].join('\n'));
  return options.check ? checked(record) : 0;
}

async function measured(options: Options): Promise<Recorded> {
  const { names, quick, rounds, json } = options;
  // What has no budget cannot fail, and a check that takes minutes is run more often.
  const checking = quick && options.check && names.length === 0;
  const selection = select(checking ? budgeted(readBudgets(), quick) : names);
  const machine = describeMachine();
  const dataset = options.dataset();
  say(`${machine.cores} × ${machine.cpu}, load ${machine.load.toFixed(2)}, Node ${machine.node}`);
  say(`${dataset.name}: ${dataset.rows.length} rows × ${dataset.dimension}, ${dataset.queries.length} queries`);
  const at = new Date().toISOString();
  const searchDelayMs = Number(process.env['VECTORIZER_BENCH_SEARCH_DELAY_MS'] ?? 0);
  const about = { at, commit: describeCommit(), quick, rounds: rounds.count, machine, dataset: dataset.name };
  let record: Recorded = { ...about, results: [] };
  for await (const results of measure({ selection, dataset, rounds, searchDelayMs, progress: new Progress(tell) })) {
    record = { ...about, results };
    // After each phase, so that what comes later cannot take it along.
    if (json !== undefined) writeRecord(json, record);
  }
  if (json !== undefined || !quick) appendToHistory(record);
  return record;
}

function print(record: Recorded, { markdown }: Options): void {
  if (markdown) {
    say(markdownOf(record, readBudgets()).join('\n'));
    return;
  }
  printTable(record.results, say);
  const updates = updateRows(record.results);
  if (updates.length > 0) say(['', ...updateTable(updates)].join('\n'));
}

function checked({ results, quick }: Recorded): number {
  const { held, breaches } = check(results, readBudgets(), quick);
  say('');
  for (const breach of breaches) say(`over budget: ${breach}`);
  // A check that holds nothing against anything would always pass.
  if (held === 0) say('none of these figures has a budget');
  else if (breaches.length === 0) say(`all of ${held} budgets are kept`);
  return held === 0 || breaches.length > 0 ? 1 : 0;
}

function drawHistory(): number {
  const page = drawReport(readHistory());
  mkdirSync(dirname(REPORT_FILE), { recursive: true });
  writeFileSync(REPORT_FILE, page);
  say(`${REPORT_FILE}, from ${HISTORY_FILE}`);
  return 0;
}

await runCommand(main);
