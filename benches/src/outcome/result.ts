import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { findPackageJSON } from 'node:module';
import { spread, type Spread } from './statistics.ts';

/** One figure of a run. `cv` is its coefficient of variation over the rounds; a search figure carries its recall. */
export type Result = {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly cv: number;
  readonly recall?: number;
};

export function figure(name: string, unit: string, measured: Spread & { readonly recall?: number }): Result {
  const { median, cv, recall } = measured;
  return { name, unit, value: median, cv, ...(recall === undefined ? {} : { recall }) };
}

/** Of what is measured once in a run. */
export function once(name: string, unit: string, value: number): Result {
  return figure(name, unit, spread([value]));
}

export type Machine = {
  readonly cpu: string;
  readonly cores: number;
  readonly memory_mb: number;
  readonly load: number;
  readonly node: string;
  readonly versions: Readonly<Record<string, string>>;
};

/** Where the run took place; `load` is the machine's load average before it. */
export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory_mb: Math.round(totalmem() / 2 ** 20),
    load: loadavg()[0] ?? 0,
    node: process.version,
    versions: { v8: process.versions.v8, 'hnswlib-node': versionOf('hnswlib-node'), undici: versionOf('undici') },
  };
}

export function printTable(results: readonly Result[], write: (line: string) => void): void {
  const row = (cells: readonly [string, string, string, string, string]): void =>
    write(
      `${cells[0].padEnd(38)}${cells[1].padStart(10)} ${cells[2].padEnd(10)}${cells[3].padStart(8)}${cells[4].padStart(9)}`.trimEnd(),
    );
  row(['figure', 'median', 'unit', 'cv', 'recall']);
  for (const { name, value, unit, cv, recall } of results) {
    row([name, digits(value), unit, `${(cv * 100).toFixed(1)} %`, recall?.toFixed(4) ?? '']);
  }
}

/** Three digits of what is small, all of what is large. */
export function digits(value: number): string {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

function versionOf(dependency: string): string {
  const file = findPackageJSON(dependency, import.meta.url);
  if (file === undefined) return 'unknown';
  const description = JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string };
  return description.version;
}
