import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StoppedBy } from '@vectorizer/contracts';
import { writeWhole } from '@vectorizer/files';
import type { Logger } from '@vectorizer/telemetry';
import { z } from 'zod';

/** A file in a replica's directory, which says that the state in it is not to be shown, and why. It goes with the state. */
const FILE = 'stopped';

const StopNote = z.object({ v: z.literal(1), by: StoppedBy, reason: z.string() });
export type StopNote = Omit<z.infer<typeof StopNote>, 'v'>;

type Place = { readonly directory: string; readonly logger: Logger };

/** Why the state that is in the directory was stopped for good; undefined where it was not. */
export async function stopNoted({ directory }: Pick<Place, 'directory'>): Promise<StopNote | undefined> {
  const file = join(directory, FILE);
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    if (typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  });
  if (text === undefined) return undefined;
  try {
    return StopNote.parse(JSON.parse(text));
  } catch {
    return { by: 'state', reason: `the replica was stopped, and ${file}, which says why, cannot be read` };
  }
}

/** So that the next process does not show the state either. Durable when it returns; whole or absent, whatever happens. */
export async function noteStop({ by, reason }: StopNote, { directory, logger }: Place): Promise<void> {
  try {
    await writeWhole(join(directory, FILE), JSON.stringify({ v: 1, by, reason }));
  } catch (cause) {
    logger.warn(
      { err: cause },
      'cannot note that the replica has stopped: after a restart it answers until that is found again',
    );
  }
}

/** Removes a state, and what says that it is not to be shown only after it. */
export async function removeState(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names) if (name !== FILE) await rm(join(directory, name), { recursive: true, force: true });
  await rm(directory, { recursive: true, force: true });
}
