import { setTimeout as sleep } from 'node:timers/promises';
import type { BackupRegistry } from '@vectorizer/cluster';
import type {
  Backup,
  BackupId,
  Bus,
  CallContext,
  JobReport,
  NodeId,
  Procedure,
  ShardSnapshot,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Logger } from '@vectorizer/telemetry';
import type { z } from 'zod';

/** One shard's snapshot or restore is done in this time, or the whole has failed. */
export const SHARD_MS_MAX = 600_000;
/** A node answers how far it is within a second or so. */
const CALL_MS = 5_000;
/** A node that is started anew is back within this, and then begins the shard again. */
const AWAY_MS_MAX = 30_000;
const AWAY_PAUSE_MS = 500;
/** A running job says so this often, and counts as dead after several silences. */
const ALIVE_MS = 2_000;
const DEAD_MS = 15_000;
/** Under way in this gateway. */
const JOBS_MAX = 4;

type Parts = { readonly bus: Bus; readonly backups: BackupRegistry; readonly logger: Logger };

/** What a running job says of itself: it lives, and has moved so many bytes of the shard in hand. */
export type Mark = (backup: Backup, movedBytes: number) => Backup;
export type Progress = { movedBytes: number };

/** The snapshots and restores that this gateway works on, in the background. */
export class Jobs {
  readonly #parts: Parts;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** `begin` comes first: what it throws is the caller's. */
  async run(begin: () => Promise<() => Promise<void>>): Promise<void> {
    this.#checkRoom();
    const began = begin();
    const running = began.then(
      async (rest) =>
        rest().catch((error: unknown) => {
          this.#parts.logger.error({ err: error }, 'what became of a snapshot or restore cannot be said');
        }),
      () => undefined,
    );
    this.#count(running);
    await began;
  }

  /** One that its request waits for. */
  async attend<T>(work: () => Promise<T>): Promise<T> {
    this.#checkRoom();
    const working = work();
    this.#count(Promise.allSettled([working]));
    return working;
  }

  #checkRoom(): void {
    if (this.#running.size < JOBS_MAX) return;
    throw new Failure('overloaded', `${JOBS_MAX} snapshots and restores are under way in this gateway`);
  }

  #count(running: Promise<unknown>): void {
    this.#running.add(running);
    void running.then(() => this.#running.delete(running));
  }

  /** Says again and again that the job lives, until it ends. */
  async whileAlive<T>(id: BackupId, mark: Mark, work: (progress: Progress) => Promise<T>): Promise<T> {
    const progress: Progress = { movedBytes: 0 };
    const timer = setInterval(() => {
      this.#parts.backups
        .update(id, (backup) => mark(backup, progress.movedBytes))
        .catch((error: unknown) => {
          this.#parts.logger.warn({ err: error, snapshot: id }, 'cannot say that a snapshot is worked on');
        });
    }, ALIVE_MS);
    try {
      return await work(progress);
    } finally {
      clearInterval(timer);
    }
  }

  /** The nodes that are found; none, when there is still none after the time in which one that is started anew is back. */
  async whenThere(find: () => Promise<readonly NodeId[]>): Promise<readonly NodeId[]> {
    const end = performance.now() + AWAY_MS_MAX;
    for (;;) {
      this.throwIfClosing();
      const found = await find();
      if (found.length > 0 || performance.now() > end) return found;
      await this.#pause();
    }
  }

  /** Has an index node do a shard's part. A node that is started anew meanwhile begins it again. */
  async onNode<I extends z.ZodType>(
    procedure: Procedure<I, JobReport>,
    input: z.output<I>,
    { node, context, progress }: { readonly node: NodeId; readonly context: CallContext; readonly progress: Progress },
  ): Promise<ShardSnapshot> {
    const end = performance.now() + SHARD_MS_MAX;
    let heardAt = performance.now();
    while (performance.now() < end) {
      this.throwIfClosing();
      try {
        const asked = { context: fresh(context, CALL_MS), instance: node };
        const { stored, moved_bytes: movedBytes } = await this.#parts.bus.call(procedure, input, asked);
        if (stored !== null) return stored;
        progress.movedBytes = movedBytes;
        heardAt = performance.now();
      } catch (cause) {
        const failure = Failure.from(cause);
        if (!mayBeBack(failure) || performance.now() - heardAt > AWAY_MS_MAX) throw failure;
        await this.#pause();
      }
    }
    throw new Failure('deadline_exceeded', `a shard was not done in ${SHARD_MS_MAX / 1_000} s`);
  }

  async #pause(): Promise<void> {
    await sleep(AWAY_PAUSE_MS, undefined, { signal: this.#closing.signal }).catch(() => undefined);
  }

  /** Aborted when the gateway stops. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  throwIfClosing(): void {
    if (this.#closing.signal.aborted) throw new Failure('service_unavailable', 'the gateway was stopped');
  }

  /**
   * Ends what is under way, as failed, and returns when that is said: before the server waits for requests to end, of which an
   * upload may be one.
   */
  async beforeApplicationShutdown(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#running);
  }
}

/** A job of a request goes on when the request's time is up. */
export function fresh(context: CallContext, ms: number): CallContext {
  return { ...context, deadline: Date.now() + ms };
}

/** A job that no longer says that it lives has died with its gateway. */
export function isDead(backups: BackupRegistry, id: BackupId): boolean {
  return backups.unchangedMs(id) > DEAD_MS;
}

/** The node, or the log servers behind it, may be starting. */
function mayBeBack({ type }: Failure): boolean {
  return AWAY.has(type);
}

const AWAY = new Set<Failure['type']>([
  'index_unavailable',
  'service_unavailable',
  'log_unavailable',
  'deadline_exceeded',
  'replica_behind',
]);
