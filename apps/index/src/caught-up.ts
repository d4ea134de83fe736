import { access, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Shard } from '@vectorizer/engine';
import { syncFile } from '@vectorizer/files';
import type { Logger } from '@vectorizer/telemetry';

/**
 * A file in a replica's directory, which says that the state in it had all that its log held at some time. A state that
 * takes the other's place, or begins anew, comes without it.
 */
const FILE = 'caught-up';

type Place = { readonly directory: string; readonly logger: Logger };

/** Whether a state that was opened may be shown before it has caught up. Of an empty one the file says nothing, and goes. */
export async function hasCaughtUp(sequence: number, { directory, logger }: Place): Promise<boolean> {
  const file = join(directory, FILE);
  if (sequence > 0) {
    return access(file).then(
      () => true,
      () => false,
    );
  }
  await rm(file, { force: true }).catch((cause: unknown) => logger.warn({ err: cause }, 'cannot remove a file'));
  return false;
}

/** So that the next start shows what there is at once, but never a state that is still on its way. Durable when it returns. */
export async function noteCaughtUp(shard: Pick<Shard, 'flush'>, { directory, logger }: Place): Promise<void> {
  try {
    // What is on disk must not be older than what is said of it.
    await shard.flush();
    await using file = await open(join(directory, FILE), 'w');
    await file.sync();
    await syncFile(directory);
  } catch (cause) {
    logger.warn(
      { err: cause },
      'cannot note that the replica has caught up: after a restart it does so before it answers',
    );
  }
}
