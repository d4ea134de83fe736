import { Option, type Command } from 'commander';
import { VectorizerClient, type Collection, type NewCollectionInput } from '@vectorizer/client';
import { Kind, limits, Metric } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { processTerminal, type Terminal } from '@vectorizer/command-line';
import { wholeNumber } from '@vectorizer/command-line';
import { addServerFlags, serverOf, type ServerFlags } from './flags.ts';
import { watchInterrupts } from './interrupts.ts';
import { Loader, TIMING, type Tally, type Timing } from './loader.ts';
import { openPoints } from '@vectorizer/command-line';
import type { PatienceOptions } from './patience.ts';
import type { PointSource } from '@vectorizer/command-line';
import { showProgress } from './progress.ts';
import { StoredPoints } from './stored-points.ts';
import { checkAgrees, createCollection, findCollection } from './target.ts';

/** A server that is away longer than this is not coming back by itself. */
const PATIENCE_MS = 60_000;
/** At the start nobody waits for it: most likely it was never started. */
const FIRST_PATIENCE_MS = 3_000;
/** A little more than a request may take, writes and strong reads alike. */
const ATTEMPT_MS = limits.timeoutMsDefault + 5_000;
/** Refused rows that are told one by one. */
const REFUSED_SHOWN = 20;
const FINISHING = 'finishing the batch under way; Ctrl-C again ends at once';
export const EXIT_INTERRUPTED = 130;

export type LoadOptions = {
  readonly file: string;
  readonly collection: string;
  readonly dimension?: number;
  readonly metric?: Metric;
  readonly kind?: Kind;
  readonly payload?: string;
  readonly batch: number;
  readonly limit?: number;
  readonly url: string;
  readonly apiKey?: string;
  readonly stop: AbortSignal;
  readonly patienceMs?: number;
  readonly timing?: Timing;
};
type LoadFlags = ServerFlags & Omit<LoadOptions, 'file' | 'url' | 'apiKey' | 'stop' | 'patienceMs' | 'timing'>;

export function registerLoad(program: Command): void {
  const command = program
    .command('load')
    .description('load a file of vectors into a collection; an interrupted load goes on where it stopped')
    .argument('<file>', '.f32, .f16, .npy, .fvecs, or .jsonl[.gz] of { id?, vector, payload? }')
    .requiredOption('--collection <name>', 'is created when there is none of the name')
    .option('--dimension <number>', 'length of the rows of .f32 and .f16', wholeNumber(1, limits.dimensionMax))
    .addOption(new Option('--metric <metric>', 'of a new collection (default: cosine)').choices(Metric.options))
    .addOption(new Option('--kind <kind>', 'of a new collection').choices(Kind.options))
    .option('--payload <file>', '.jsonl[.gz] with one payload, or null, for each row')
    .option('--batch <rows>', 'rows in one request', wholeNumber(1, limits.batchPointsMax), 100)
    .option('--limit <rows>', 'load only the first rows', wholeNumber(1));
  addServerFlags(command).action(async (file: string, flags: LoadFlags) => {
    const server = await serverOf(flags);
    using interrupts = watchInterrupts(() => processTerminal.err(FINISHING));
    process.exitCode = await load({ ...flags, ...server, file, stop: interrupts.stop }, processTerminal);
  });
}

/** Loads a file and answers the exit code: 0 when every row is there, 1 when some were refused, 130 when interrupted. */
export async function load(options: LoadOptions, terminal: Terminal): Promise<number> {
  const { url, apiKey, stop, patienceMs = PATIENCE_MS } = options;
  // One attempt: what a failed write left behind is looked up before it is sent again.
  const settings = { url, connections: 1, attempts: 1, attemptMs: ATTEMPT_MS, ...(apiKey !== undefined && { apiKey }) };
  await using client = new VectorizerClient(settings);
  const onWait = (reason: string): void => terminal.err(`waiting for the server: ${reason}`);
  const patience: PatienceOptions = { patienceMs, stop, onWait };
  const began = performance.now();
  let report: Tally = { created: 0, present: 0, refused: 0, reached: 0 };
  try {
    report = await run(options, { client, patience, terminal, onProgress: (tally) => (report = tally) });
  } catch (error) {
    const goOn = `${report.reached} rows are dealt with; the same command goes on from there`;
    if (stop.aborted) {
      terminal.err(`interrupted: ${goOn}`);
      return EXIT_INTERRUPTED;
    }
    const isAway = error instanceof Failure && error.type === 'service_unavailable';
    if (!isAway || report.reached === 0) throw error;
    throw new Failure('service_unavailable', `${error.message}; ${goOn}`, { cause: error });
  }
  const seconds = (performance.now() - began) / 1_000;
  if (report.present > 0) terminal.err(`${report.present} more were in ${options.collection} already`);
  if (report.refused > REFUSED_SHOWN) terminal.err(`${report.refused - REFUSED_SHOWN} more rows were refused`);
  const rate = Math.round(report.created / Math.max(seconds, 0.001));
  const figures = `(${report.refused} refused) in ${seconds.toFixed(1)} s, ${rate} points/s`;
  terminal.out(`loaded ${report.created} points into ${options.collection} ${figures}`);
  return report.refused === 0 ? 0 : 1;
}

type Surroundings = {
  readonly client: VectorizerClient;
  readonly patience: PatienceOptions;
  readonly terminal: Terminal;
  readonly onProgress: (tally: Tally) => void;
};

async function run(options: LoadOptions, { client, patience, terminal, onProgress }: Surroundings): Promise<Tally> {
  const first = { ...patience, patienceMs: Math.min(FIRST_PATIENCE_MS, patience.patienceMs) };
  const existing = await findCollection(client, options.collection, first);
  const source = await openPoints({
    vectors: options.file,
    dimension: options.dimension ?? existing?.config.dimension,
    payloads: options.payload,
    warn: (message) => terminal.err(`warning: ${message}`),
  });
  if (options.dimension !== undefined && options.dimension !== source.dimension) {
    throw new Failure('validation_error', `--dimension ${options.dimension}: ${options.file} has ${source.dimension}`);
  }
  const wanted: NewCollectionInput = {
    name: options.collection,
    dimension: source.dimension,
    ...(options.metric !== undefined && { metric: options.metric }),
    ...(options.kind !== undefined && { kind: options.kind }),
  };
  if (existing !== undefined) checkAgrees(existing, wanted);
  const collection: Collection = existing ?? (await createCollection(client, wanted, patience));
  checkAgrees(collection, wanted);

  const limit = options.limit ?? Infinity;
  const progress = showProgress(terminal, {
    label: 'loading',
    total: (rows) => totalOf(source, { rows, limit }),
  });
  const loader = new Loader({
    source,
    stored: new StoredPoints({ client, collection, identity: source.identity, patience }),
    batchSize: options.batch,
    limit,
    resuming: existing !== undefined,
    patience,
    timing: options.timing ?? TIMING,
    onRefused: refusals(terminal),
    onResume: (row) => terminal.err(`going on from row ${row}: what comes before is in ${collection.name} already`),
    onProgress: (tally) => {
      progress.update({ reached: tally.reached, done: tally.created + tally.refused });
      onProgress(tally);
    },
  });
  try {
    await loader.run();
  } finally {
    progress.stop();
  }
  return loader.tally;
}

function refusals(terminal: Terminal): (row: number, reason: string) => void {
  let shown = 0;
  return (row, reason) => {
    shown += 1;
    if (shown <= REFUSED_SHOWN) terminal.err(`refused row ${row}: ${reason}`);
  };
}

/** Where rows differ in length, from how much of the file those so far took. */
function totalOf(source: PointSource, { rows, limit }: { rows: number; limit: number }): number | undefined {
  if (source.rows !== undefined) return Math.min(source.rows, limit);
  const share = source.share?.() ?? 0;
  return share === 0 ? undefined : Math.min(Math.round(rows / share), limit);
}
