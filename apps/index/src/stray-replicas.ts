import type { Catalog } from '@vectorizer/cluster';
import { Failure } from '@vectorizer/errors';
import type { Log } from '@vectorizer/log';
import type { Logger } from '@vectorizer/telemetry';
import type { DataDirectory, ReplicaKey } from './data-directory.ts';

type Parts = {
  readonly catalog: Catalog;
  readonly directory: DataDirectory;
  readonly log: Log;
  readonly logger: Logger;
};

/**
 * Of the replicas that have files here and no place, those whose files may go: the collection is placed elsewhere, or has
 * no record at the catalog's leader either. Files or a log that are older than the catalog say nothing of the kind: then it
 * is the catalog that was lost. What cannot be found out is left for the next start.
 */
export async function strayReplicas(keys: readonly ReplicaKey[], parts: Parts): Promise<ReplicaKey[]> {
  const { catalog, logger } = parts;
  const unknown = keys.filter(({ uid }) => catalog.findByUid(uid) === undefined);
  const strays = keys.filter((key) => !unknown.includes(key));
  if (unknown.length === 0) return strays;
  try {
    const { uids, since } = await catalog.refreshAll();
    for (const key of unknown) {
      if (uids.has(key.uid)) continue;
      if (await isOlderThan(Date.parse(since), key, parts)) {
        logger.error(key, 'the files of a replica are older than the catalog and in no collection; they are kept');
      } else strays.push(key);
    }
  } catch (cause) {
    logger.warn({ err: cause }, 'files without a collection are kept: the catalog cannot be asked');
  }
  return strays;
}

async function isOlderThan(sinceMs: number, key: ReplicaKey, { directory, log }: Parts): Promise<boolean> {
  if ((await directory.since(key)) < sinceMs) return true;
  try {
    return Date.parse((await log.state(key.uid, key.shard)).created) < sinceMs;
  } catch (cause) {
    if (Failure.from(cause).type === 'collection_not_found') return false;
    throw cause;
  }
}
