import { join } from 'node:path';
import { temporaryDirectory } from '@vectorizer/testing';
import { benchAccept } from './accept.ts';
import { Bare } from './bare.ts';
import type { Dataset } from './dataset.ts';
import { Engine } from './engine.ts';
import { inOrder, select, type Selection } from './figures.ts';
import { benchFill } from './fill.ts';
import { readOptions, USAGE, type Options } from './options.ts';
import { describeMachine, figure, printTable, writeJson, type Result } from './report.ts';
import { benchSearch } from './search.ts';
import { Server } from './server.ts';
import { spread } from './statistics.ts';
import { startSystem, type System } from './system.ts';

/** `./vectorizer bench`: the figures asked for in one run, in alternating rounds, so that ratios hold on a busy machine. */
async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) {
    say(USAGE);
    return;
  }
  const selection = select(options.names);
  const machine = describeMachine();
  const dataset = options.dataset();
  say(`${machine.cores} × ${machine.cpu}, load ${machine.load.toFixed(2)}, Node ${machine.node}`);
  say(`${dataset.name}: ${dataset.rows.length} rows × ${dataset.dimension}, ${dataset.queries.length} queries`);
  const measured = await measure(selection, dataset, options);
  const results = inOrder(measured.filter(({ name }) => selection.names.has(name)));
  say('');
  printTable(results, say);
  if (options.json !== undefined) writeJson(options.json, { machine, dataset: dataset.name, results });
}

async function measure({ phases, subjects }: Selection, dataset: Dataset, { rounds }: Options): Promise<Result[]> {
  await using stack = new AsyncDisposableStack();
  const results: Result[] = [];
  const system = subjects.has('server') ? stack.use(await startSystem()) : undefined;
  if (phases.has('fill') || phases.has('search') || phases.has('memory')) {
    const directory = stack.use(await temporaryDirectory()).path;
    const bare = subjects.has('bare') ? stack.adopt(new Bare(dataset), (it) => it.stop()) : undefined;
    const engine = subjects.has('engine')
      ? stack.adopt(await Engine.open(join(directory, 'engine'), dataset), (it) => it.close())
      : undefined;
    const server = system === undefined ? undefined : stack.use(new Server(system.url, dataset));
    await server?.create();
    say('filling …');
    const filled = [bare, engine, server].filter((subject) => subject !== undefined);
    results.push(...(await benchFill(filled, dataset.rows.length, rounds)));
    if (system !== undefined) results.push(...memory(system, dataset));
    if (phases.has('search')) {
      say('searching …');
      const searched = { bare: await bare?.takeOver(join(directory, 'bare.hnsw')), engine: engine?.search(), server };
      results.push(...(await benchSearch(searched, dataset, rounds)));
    }
  }
  if (phases.has('accept') && system !== undefined) {
    say('writing …');
    results.push(...(await benchAccept(system.url, dataset, rounds)));
  }
  return results;
}

/** What the server holds once it is filled, and what it may: three times the vectors, and a fixed part. */
function memory(system: System, { rows, dimension }: Dataset): Result[] {
  const rawMb = (rows.length * dimension * 4) / 2 ** 20;
  return [
    figure('memory.resident', 'MB', spread([system.residentMb()])),
    figure('memory.limit', 'MB', spread([3 * rawMb + 250])),
  ];
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main();
