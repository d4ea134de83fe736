import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canBeUsed, damaged } from '@vectorizer/engine';

/** A file in a replica's directory: how many times in a row its state was opened and the process ended soon after. */
const FILE = 'opening';
/** Whoever ended so often may have done so by what is in the state. */
const ENDED_MAX = 2;
/** A state that was open for so long, and is read and written all the while, does not end the process. */
const SOON_MS = 10_000;

export type Opening = { over(): Promise<void> };

/**
 * Before a state is opened. Damage that LMDB does not notice ends the process, and would at every start: after two of those
 * another process looks at it first. Throws what the engine throws of damaged state.
 */
export async function beginOpening(directory: string, signal: AbortSignal): Promise<Opening> {
  const file = join(directory, FILE);
  const ended = Number(await readFile(file, 'utf8').catch(() => '0')) || 0;
  if (ended >= ENDED_MAX && !(await canBeUsed(directory, signal))) {
    throw damaged(`the process ended ${ended} times soon after it had opened the state, and another one did, too`);
  }
  // Of a state that is not there yet nothing needs to be known.
  await writeFile(file, String(ended + 1)).catch(() => undefined);
  const over = async (): Promise<void> => {
    clearTimeout(timer);
    await rm(file, { force: true });
  };
  const timer = setTimeout(() => void over().catch(() => undefined), SOON_MS).unref();
  return { over };
}
