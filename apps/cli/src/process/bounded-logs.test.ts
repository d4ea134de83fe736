import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { temporaryDirectory, until } from '@vectorizer/testing';
import { BoundedLogs, putAside } from './bounded-logs.ts';

/** Writes numbered lines, some each millisecond, and ends when its input does. */
const WRITER = `
  const { writeSync } = require('node:fs');
  let next = 0;
  const timer = setInterval(() => { for (let i = 0; i < 5; i++) writeSync(1, 'line ' + next++ + '\\n'); }, 1);
  process.stdin.resume().once('end', () => clearInterval(timer));
`;

type Writer = AsyncDisposable & { readonly stop: () => Promise<void> };

/** A process whose output goes to a file as that of an instance's processes does. */
async function startWriter(file: string): Promise<Writer> {
  const log = openSync(file, 'a');
  const child = spawn(process.execPath, ['-e', WRITER], { stdio: ['pipe', log, log] });
  const ended = once(child, 'exit');
  closeSync(log);
  const stop = async (): Promise<void> => {
    child.stdin?.end();
    await ended;
  };
  return { stop, [Symbol.asyncDispose]: stop };
}

/** The numbers of the lines, all of which are whole. */
async function numbersIn(file: string): Promise<number[]> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => {
    expect(line).toMatch(/^line \d+$/);
    return Number(line.slice(5));
  });
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => ({ size: 0 }))).size;
}

describe('a log that a process is writing', () => {
  it('is put aside line by line, and goes on at its beginning', async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, 'index.log');
    await using writer = await startWriter(file);
    const parts: number[][] = [];
    const rounds = 5;
    while (parts.length < rounds) {
      await until(async () => (await sizeOf(file)) > 2_000, { what: 'some lines' });
      await putAside(file);
      parts.push(await numbersIn(`${file}.1`));
    }
    await until(async () => (await sizeOf(file)) > 0, { what: 'lines after the last time' });
    await writer.stop();
    const all = [...parts, await numbersIn(file)].flat();

    expect(all).toEqual(all.toSorted((a, b) => a - b));
    expect(new Set(all).size).toBe(all.length);
    // Only what falls between a read and the next call is lost: usually nothing, and never within a part.
    const gaps = all.filter((number, i) => number !== (all[i - 1] ?? -1) + 1);
    const seams = new Set([...parts.slice(1), all.slice(parts.flat().length)].map(([first]) => first));
    expect(gaps.filter((number) => !seams.has(number))).toEqual([]);
    expect((all.at(-1) ?? 0) + 1 - all.length).toBeLessThan(all.length / 10);
  });

  it('is kept within its bound, and nothing is left of what was before that', async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, 'index.log');
    const said: string[] = [];
    const bounds = { bytesMax: 4_000, lookMs: 10 };
    await using _ = new BoundedLogs(directory.path, (line) => said.push(line), bounds);
    await using writer = await startWriter(file);
    await until(
      async () => Number((await readFile(`${file}.1`, 'utf8').catch(() => '')).match(/\d+/)?.[0] ?? 0) > 1_000,
      {
        what: 'the log put aside more than once',
      },
    );
    await writer.stop();
    await until(async () => (await sizeOf(file)) <= bounds.bytesMax, { what: 'a log within its bound' });
    expect(said).toEqual([]);
  });

  it('is told of once when it cannot be put aside', async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, 'index.log');
    const said: string[] = [];
    // Where the former part is to be removed there is a directory.
    await mkdir(`${file}.1`);
    await using writer = await startWriter(file);
    await using _ = new BoundedLogs(directory.path, (line) => said.push(line), { bytesMax: 100, lookMs: 10 });
    await until(() => said.length > 0, { what: 'what stands in the way' });
    const size = await sizeOf(file);
    await until(async () => (await sizeOf(file)) > size + 1_000, { what: 'the log growing' });
    expect(said).toEqual([expect.stringContaining('cannot be put aside')]);
    await writer.stop();
  });
});
