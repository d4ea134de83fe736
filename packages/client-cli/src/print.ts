import { once } from 'node:events';
import { processTerminal, table } from '@vectorizer/command-line';
import type { Output } from './server.ts';

/** One value: on one line for programs, indented for people. */
export function show(value: unknown, { json }: Output): void {
  processTerminal.out(JSON.stringify(value, undefined, json === true ? undefined : 2));
}

/** One object of JSON on each line for programs, and a table for people. */
export function list<Item>(
  items: readonly Item[],
  { json }: Output,
  columns: Readonly<Record<string, (item: Item) => string | number | null | undefined>>,
): void {
  if (json === true) for (const item of items) processTerminal.out(JSON.stringify(item));
  if (json === true) return;
  const rows = items.map((item) => Object.values(columns).map((cell) => String(cell(item) ?? '')));
  for (const line of table(
    Object.keys(columns).map((title) => ({ title })),
    rows,
  ))
    processTerminal.out(line);
}

/** One object of JSON on each line, as they come; whoever reads slowly slows the source, and whoever has enough ends it. */
export async function stream(items: AsyncIterable<unknown>): Promise<void> {
  let isOver = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    isOver = true;
  });
  for await (const item of items) {
    if (isOver) return;
    if (!process.stdout.write(`${JSON.stringify(item)}\n`)) {
      await Promise.race([once(process.stdout, 'drain'), once(process.stdout, 'close')]);
    }
  }
}

/** Aborted by Ctrl-C and by a polite kill: what has no end is ended so, and that is no failure. */
export function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => controller.abort());
  return controller.signal;
}
