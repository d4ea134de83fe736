import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@vectorizer/telemetry';
import type { Replica } from './replica.ts';

/** Between two looks whether a shared snapshot is due. */
const SHARE_INTERVAL_MS = 5_000;
/** All that is stored is read within so many intervals, where half of the time is enough for that: what is damaged is found within one more. */
const ROUND_INTERVALS = 2;

export type UpkeepOptions = {
  readonly replicas: () => readonly Replica[];
  readonly verifyIntervalMs: number;
  readonly logger: Logger;
};

/** What a node does for its replicas beside the log: reads again what is stored, and takes shared snapshots. One at a time. */
export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #closing = new AbortController();
  #loops: Promise<unknown> = Promise.resolve();

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  start(): void {
    const { verifyIntervalMs } = this.#options;
    this.#loops = Promise.all([
      this.#forEach(verifyIntervalMs, async (replica, share) =>
        replica.verify(ROUND_INTERVALS * verifyIntervalMs * share),
      ),
      this.#forEach(Math.min(SHARE_INTERVAL_MS, verifyIntervalMs), async (replica) => replica.shareIfDue()),
    ]);
  }

  /** The replicas are closed first, which ends what is done for them. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#loops;
  }

  /** `share`: of all points of this node, how many are the replica's. */
  async #forEach(intervalMs: number, task: (replica: Replica, share: number) => Promise<void>): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const replicas = this.#options.replicas();
      const points = replicas.map((replica) => replica.report().points);
      const all = points.reduce((sum, each) => sum + each, 0);
      for (const [i, replica] of replicas.entries()) {
        if (signal.aborted) return;
        const share = (points[i] ?? 0) / Math.max(1, all);
        await task(replica, share).catch((error: unknown) => this.#report(replica, error));
      }
      await sleep(intervalMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Tried again next time. */
  #report(replica: Replica, error: unknown): void {
    const { uid, shard, phase } = replica.report();
    if (phase !== 'following') return;
    this.#options.logger.warn({ err: error, uid, shard }, 'the upkeep of a replica failed');
  }
}
