import { randomUUID } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lease, Leases } from '@vectorizer/cluster';
import type { NodeId } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Logger } from '@vectorizer/telemetry';

/** Longer than a lease lasts that nobody renews. */
const WAIT_MS_MAX = 9_000;
const LOOK_MS = 200;

type Parts = {
  readonly leases: Leases;
  readonly node: NodeId;
  readonly directory: string;
  readonly logger: Logger;
  /** Told when another process has got the identity since it was held, or had it when nobody could be asked. */
  readonly onTaken: (failure: Failure) => void;
};

/**
 * Makes sure that no other process of the cluster serves under this node's id, as from a copy of its data directory or
 * from a volume that two containers share. Throws `storage_error` when one does. A predecessor that was killed in this
 * very directory is followed at once. Without a log server to ask, the lease is tried for in the background, and `onTaken` told if that shows another process.
 */
export async function holdIdentity({ leases, node, directory, logger, onTaken }: Parts): Promise<Lease> {
  const name = `node.${node}`;
  const seat = await seatOf(directory);
  const owner = seat + randomUUID();
  // While this waits, who has it may still let go of it.
  let waits = true;
  const lease = leases.holdFrom(seat, {
    name,
    owner,
    onTaken: (holder) => {
      if (!waits) onTaken(servedElsewhere({ node, directory, holder }));
    },
  });
  const end = performance.now() + WAIT_MS_MAX;
  let said = false;
  while (!lease.held) {
    const holder = await leases.holder(name).catch((cause: unknown) => {
      logger.warn({ err: cause }, 'whether another process serves this node cannot be asked yet');
      return owner;
    });
    if (holder === owner) break;
    if (holder !== undefined && !said) logger.warn({ holder }, 'another process has served this node; waiting');
    said ||= holder !== undefined;
    if (performance.now() > end) {
      await lease.close();
      throw servedElsewhere({ node, directory, holder: holder ?? 'unknown' });
    }
    await sleep(LOOK_MS);
  }
  waits = false;
  return lease;
}

/** One process at a time works here, by the directory's lock; a copy, another container and another machine are elsewhere. */
async function seatOf(directory: string): Promise<string> {
  const { dev, ino } = await stat(directory, { bigint: true });
  // Elsewhere there is no lock either, so that nobody is known to be gone.
  const boot =
    process.platform === 'linux' ? (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim() : randomUUID();
  return `${hostname()}/${boot}/${dev}-${ino}#`;
}

function servedElsewhere(found: {
  readonly node: NodeId;
  readonly directory: string;
  readonly holder: string;
}): Failure {
  const [host = ''] = found.holder.split('/');
  return new Failure(
    'storage_error',
    `index node ${found.node} is served by another process, on ${host}: data directory ${found.directory} is a copy, or is shared`,
    { details: found },
  );
}
