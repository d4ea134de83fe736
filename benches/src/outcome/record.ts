import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Machine, Result } from './result.ts';

export const RESULTS = resolve(import.meta.dirname, '../../results');
/** One run a line; not in the repository. */
export const HISTORY_FILE = resolve(RESULTS, 'history.jsonl');
export const REPORT_FILE = resolve(RESULTS, 'report.svg');

/** One run of the program, as it is written to a file. */
export type Recorded = {
  readonly at: string;
  readonly commit: string;
  readonly quick: boolean;
  readonly rounds: number;
  readonly machine: Machine;
  readonly dataset: string;
  readonly results: readonly Result[];
};

export function writeRecord(file: string, record: Recorded): void {
  writeFileSync(file, `${JSON.stringify(record, undefined, 2)}\n`);
}

export function readRecord(file: string): Recorded {
  return JSON.parse(readFileSync(file, 'utf8')) as Recorded;
}

export function appendToHistory(record: Recorded, file = HISTORY_FILE): void {
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify(record)}\n`);
}

/** Oldest first. */
export function readHistory(file = HISTORY_FILE): Recorded[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Recorded);
}

/** Of the checkout that this runs from; `+` says that something in it was changed. */
export function describeCommit(): string {
  try {
    return git('describe', '--always', '--dirty=+', '--abbrev=10');
  } catch {
    return 'unknown';
  }
}

function git(...words: readonly string[]): string {
  return execFileSync('git', words, {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}
