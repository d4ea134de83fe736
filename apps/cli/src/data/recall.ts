import type { Command } from 'commander';
import { VectorizerClient } from '@vectorizer/client';
import { limits } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { processTerminal, type Terminal } from '@vectorizer/command-line';
import { badFile } from '@vectorizer/command-line';
import { wholeNumber } from '@vectorizer/command-line';
import { addServerFlags, serverOf, type ServerFlags } from './flags.ts';
import { openFloats, openIntegers, type Matrix } from '@vectorizer/command-line';

const CONNECTIONS_MAX = 256;

export type RecallOptions = {
  readonly collection: string;
  readonly queries: string;
  readonly truth: string;
  readonly truthK?: number;
  readonly k: number;
  readonly ef?: number;
  readonly limit?: number;
  readonly connections: number;
  readonly json?: boolean;
  readonly url: string;
  readonly apiKey?: string;
};
type RecallFlags = ServerFlags & Omit<RecallOptions, 'url' | 'apiKey'>;

export function registerRecall(program: Command): void {
  const command = program
    .command('recall')
    .description('search with queries whose true neighbours are known, and tell how many were found and how fast')
    .requiredOption('--collection <name>', 'loaded from a file, so that ids are row numbers')
    .requiredOption('--queries <file>', '.f32, .f16, .npy or .fvecs')
    .requiredOption('--truth <file>', '.i32, .npy or .ivecs: for each query the nearest rows, nearest first')
    .option('--truth-k <number>', 'neighbours in each row of .i32', wholeNumber(1))
    .option('--k <number>', 'neighbours to search', wholeNumber(1, limits.kMax), 10)
    .option('--ef <number>', 'how widely the graph is searched', wholeNumber(1, limits.efMax))
    .option('--limit <queries>', 'only the first queries', wholeNumber(1))
    .option('--connections <number>', 'searches at a time', wholeNumber(1, CONNECTIONS_MAX), 1)
    .option('--json', 'end with one line of JSON');
  addServerFlags(command).action(async (flags: RecallFlags) => {
    await recall({ ...flags, ...(await serverOf(flags)) }, processTerminal);
  });
}

/** Searches every query through the public API and prints what came of it. */
export async function recall(options: RecallOptions, terminal: Terminal): Promise<void> {
  const { url, apiKey, connections } = options;
  await using client = new VectorizerClient({ url, connections, ...(apiKey !== undefined && { apiKey }) });
  const { config } = await client.getCollection(options.collection);
  const queries = await openFloats(options.queries, config.dimension);
  const truth = await openIntegers(options.truth, options.truthK);
  checkSizes({ queries, truth, dimension: config.dimension }, options);
  const found = await measure({ client, queries, truth }, options);
  terminal.out(`queries        ${found.queries}`);
  terminal.out(`recall@${String(options.k).padEnd(7)} ${found.recall.toFixed(4)}`);
  terminal.out(`p50            ${found.p50_ms.toFixed(3)} ms`);
  terminal.out(`p99            ${found.p99_ms.toFixed(3)} ms`);
  terminal.out(`queries/s      ${found.qps.toFixed(1)} (${connections} at a time)`);
  const { recall: share, p50_ms, p99_ms, qps } = found;
  if (options.json === true) terminal.out(JSON.stringify({ recall: share, p50_ms, p99_ms, qps }));
}

type Files = { readonly queries: Matrix<Float32Array>; readonly truth: Matrix<Int32Array> };

function checkSizes({ queries, truth, dimension }: Files & { dimension: number }, options: RecallOptions): void {
  if (queries.width !== dimension) {
    throw badFile(queries.path, `dimension ${queries.width}, where collection ${options.collection} has ${dimension}`);
  }
  if (queries.rows !== truth.rows) {
    const problem = `${truth.rows} rows of ${truth.width}, where ${queries.path} has ${queries.rows} queries`;
    throw badFile(truth.path, problem);
  }
  if (queries.rows === 0) throw badFile(queries.path, 'no queries');
  if (options.k > truth.width) {
    throw new Failure('validation_error', `--k ${options.k}: ${truth.path} has only ${truth.width} neighbours of each`);
  }
}

type Figures = {
  readonly queries: number;
  readonly recall: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly qps: number;
};

async function measure(
  { client, queries, truth }: Files & { readonly client: VectorizerClient },
  { collection, k, ef, limit = Infinity, connections }: RecallOptions,
): Promise<Figures> {
  const pairs = pairRows(queries.read(0), truth.read(0), limit);
  const took: number[] = [];
  let right = 0;
  const failed = new AbortController();
  const searchAll = async (): Promise<void> => {
    for (;;) {
      // A generator answers one caller after the other, so each pair is searched once.
      const next = await pairs.next();
      if (next.done === true) return;
      const [vector, nearest] = next.value;
      const asked = { vector, k, with_payload: false, ...(ef !== undefined && { ef }) };
      const start = performance.now();
      const { hits } = await client.search(collection, asked, { signal: failed.signal });
      took.push(performance.now() - start);
      const wanted = new Set(Array.from(nearest.subarray(0, k), String));
      right += hits.filter(({ id }) => wanted.has(id)).length;
    }
  };
  const began = performance.now();
  try {
    await Promise.all(Array.from({ length: connections }, () => searchAll()));
  } finally {
    failed.abort();
    await pairs.return(undefined);
  }
  const seconds = (performance.now() - began) / 1_000;
  took.sort((a, b) => a - b);
  const figures = { recall: right / (took.length * k), p50_ms: percentile(took, 0.5), p99_ms: percentile(took, 0.99) };
  return { queries: took.length, ...figures, qps: took.length / seconds };
}

async function* pairRows<Left, Right>(
  left: AsyncGenerator<Left>,
  right: AsyncGenerator<Right>,
  limit: number,
): AsyncGenerator<readonly [Left, Right]> {
  try {
    for (let row = 0; row < limit; row++) {
      const [one, other] = [await left.next(), await right.next()];
      if (one.done === true || other.done === true) return;
      yield [one.value, other.value];
    }
  } finally {
    await left.return(undefined);
    await right.return(undefined);
  }
}

/** Of sorted values: the smallest that at least this share of them does not exceed. */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}
