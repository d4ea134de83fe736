import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Option, type Command } from 'commander';
import type { UpsertInput, Wait } from '@vectorizer/client';
import { JsonLines, openPoints, processTerminal, readPoints, wholeNumber, type Row } from '@vectorizer/command-line';
import { PARTLY } from './exit.ts';
import { interrupted, show } from './print.ts';
import { ask, asking, type Output } from './server.ts';

type UpsertFlags = Output & {
  readonly format: 'jsonl' | 'npy' | 'f32' | 'f16' | 'fvecs';
  readonly dimension?: number;
  readonly payload?: string;
  readonly batch: number;
  readonly concurrency: number;
  readonly wait?: Wait;
};
/** Failures that are told one by one; the rest are counted. */
const TOLD_MAX = 20;
const TELL_EVERY_MS = 5_000;

/** `upsert`, from a file or from stdin. */
export function registerUpsert(program: Command): void {
  asking(
    program,
    'upsert <collection> [file]',
    'write points, from a file (.jsonl[.gz], .npy, .f32, .f16, .fvecs) or from stdin',
  )
    .addOption(
      new Option('--format <format>', 'of stdin').choices(['jsonl', 'npy', 'f32', 'f16', 'fvecs']).default('jsonl'),
    )
    .option('--dimension <numbers>', 'of vectors whose file does not say', wholeNumber(1))
    .option('--payload <file>', '.jsonl[.gz], one payload for each vector of another file')
    .option('--batch <points>', 'in a request', wholeNumber(1, 1_000), 500)
    .option('--concurrency <requests>', 'under way at once; with 1 all is written in order', wholeNumber(1, 64), 4)
    .addOption(new Option('--wait <until>', 'a write is answered').choices(['logged', 'applied', 'replicated']))
    .action(async (collection: string, file: string | undefined, flags: UpsertFlags) =>
      ask(flags, async (client) => {
        const report = new Report();
        await using rows = await rowsOf(file, flags);
        const { batch: batchSize, concurrency, wait } = flags;
        const points = report.pointsOf(rows.read());
        const done = await client.upsertMany(collection, points, {
          batchSize,
          concurrency,
          wait,
          signal: interrupted(),
          onProgress: ({ points: written, elapsedMs }) => report.progress(written, elapsedMs),
          onFailed: (failed) =>
            failed.forEach(({ index, id, error }) => report.refused(`${id ?? `point ${index}`}: ${error.message}`)),
        });
        show(
          {
            points: done.points + report.unread,
            succeeded: done.succeeded,
            failed: done.failed + report.unread,
            elapsed_ms: Math.round(done.elapsedMs),
          },
          flags,
        );
        if (done.failed + report.unread > 0) process.exitCode = PARTLY;
      }),
    );
}

/** What is told while it goes on, on stderr. */
class Report {
  #told = 0;
  #nextMs = TELL_EVERY_MS;
  /** Rows that are no points. */
  unread = 0;

  async *pointsOf(rows: AsyncIterable<Row>): AsyncGenerator<UpsertInput> {
    for await (const row of rows) {
      if ('point' in row) yield row.point;
      else {
        this.unread += 1;
        this.refused(`row ${row.row}: ${row.refused}`);
      }
    }
  }

  refused(what: string): void {
    this.#told += 1;
    if (this.#told <= TOLD_MAX) processTerminal.err(what);
    if (this.#told === TOLD_MAX) processTerminal.err('… what else is refused is counted');
  }

  progress(points: number, elapsedMs: number): void {
    if (elapsedMs < this.#nextMs) return;
    this.#nextMs = elapsedMs + TELL_EVERY_MS;
    processTerminal.err(`${points} points, ${Math.round((points * 1_000) / elapsedMs)}/s`);
  }
}

type Rows = AsyncDisposable & { readonly read: () => AsyncIterable<Row> };

/** JSON lines are read as they come; of the other formats of stdin, all is kept in a file first, as their length says how it is read. */
async function rowsOf(file: string | undefined, { format, dimension, payload }: UpsertFlags): Promise<Rows> {
  const opened = async (vectors: string, dispose: () => Promise<void>): Promise<Rows> => {
    const source = await openPoints({ vectors, dimension, payloads: payload, warn: processTerminal.err });
    return { read: () => source.read(0), [Symbol.asyncDispose]: dispose };
  };
  if (file !== undefined && file !== '-') return opened(file, async () => undefined);
  if (format === 'jsonl') {
    return {
      read: () => readPoints(JsonLines.of(process.stdin, 'stdin')),
      [Symbol.asyncDispose]: async () => undefined,
    };
  }
  const directory = await mkdtemp(join(tmpdir(), 'vectorizer-client-'));
  const remove = async (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const kept = join(directory, `stdin.${format}`);
    await pipeline(process.stdin, createWriteStream(kept));
    return await opened(kept, remove);
  } catch (error) {
    await remove();
    throw error;
  }
}
