import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runCommand, say, tell } from '../command.ts';
import { DATASET_OPTIONS, DATASET_USAGE, datasetOf } from '../data/options.ts';
import { FULL, QUICK } from '../options.ts';
import { describeCommit, RESULTS, writeRecord } from '../outcome/record.ts';
import { describeMachine, printTable } from '../outcome/result.ts';
import { comparePeers } from './compare.ts';
import type { PeerName, PeerServer } from './peer.ts';
import { drawPeers, markdownOfPeers, type PeersRecord } from './report.ts';
import { startChromaPeer } from './servers/chroma.ts';
import { startPostgresPeer } from './servers/postgres.ts';
import { startRedisPeer } from './servers/redis.ts';
import { startVectorizer } from './servers/vectorizer.ts';

const START: Readonly<Record<PeerName, () => Promise<PeerServer>>> = {
  vectorizer: startVectorizer,
  chroma: startChromaPeer,
  redis: startRedisPeer,
  postgres: startPostgresPeer,
};
const NAMES = Object.keys(START) as PeerName[];
const PLOT_FILE = resolve(RESULTS, 'peers.svg');

const USAGE = `usage: ./vectorizer bench peers [${NAMES.join('] [')}] [--recall 0.98] [--quick] [--json FILE]
         [--base FILE --queries FILE --truth FILE --dimension N [--truth-k 100] | --synthetic ROWSxDIMENSION]

Fills real servers with the same points, and searches them in turns from the same client: writes, searches on 1 to 32
connections, with filters and beside writes, updates, memory, disk and restart. Prints a table, and draws searches per
second by recall into benches/results/peers.svg.
  --recall R       servers are compared at the least ef of 16, 32, 64, 128, 256 that reaches this recall@10
  --quick          a small set and short rounds
  --json FILE      write machine, data set, servers and results
${DATASET_USAGE}`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      ...DATASET_OPTIONS,
      recall: { type: 'string', default: '0.98' },
      json: { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    say(USAGE);
    return 0;
  }
  const recall = Number(values.recall);
  if (!(recall > 0 && recall <= 1)) throw new Error(`--recall: expected a number up to 1, got "${values.recall}"`);
  const { size, rounds } = values.quick ? QUICK : FULL;
  const dataset = datasetOf(values, size)();
  const machine = describeMachine();
  const at = new Date().toISOString();
  await using stack = new AsyncDisposableStack();
  const servers: PeerServer[] = [];
  for (const start of namesOf(positionals).map((name) => START[name])) servers.push(stack.use(await start()));
  const results = await comparePeers({ servers, dataset, rounds, recall, say: tell });
  const about = {
    at,
    commit: describeCommit(),
    quick: values.quick,
    rounds: rounds.count,
    machine,
    dataset: dataset.name,
  };
  const described = servers.map(({ name, title, settings }) => ({ name, title, settings }));
  const record: PeersRecord = { ...about, results, recall, servers: described };
  printTable(results, say);
  say(['', ...markdownOfPeers(record)].join('\n'));
  if (values.json !== undefined) writeRecord(values.json, record);
  mkdirSync(dirname(PLOT_FILE), { recursive: true });
  writeFileSync(PLOT_FILE, drawPeers(record));
  say(`\n${PLOT_FILE}`);
  return 0;
}

function namesOf(words: readonly string[]): readonly PeerName[] {
  const names = NAMES.filter((name) => words.includes(name));
  const unknown = words.find((word) => !NAMES.some((name) => name === word));
  if (unknown !== undefined) throw new Error(`no server is named "${unknown}": there are ${NAMES.join(', ')}`);
  return words.length === 0 ? NAMES : names;
}

await runCommand(main);
