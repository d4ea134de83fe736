import type { JobReport, ShardSnapshot } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';

/** Done at once; the others wait for their turn. Each reads and writes whole replicas. */
const RUNNING_MAX = 2;
const WAITING_MAX = 64;
/** A call that asks how far a job is waits this long for its end. */
const ANSWER_MS = 1_000;

/** What a job is given to work with. */
export type JobTools = { readonly signal: AbortSignal; readonly onProgress: (bytes: number) => void };

type Job = { readonly ended: Promise<ShardSnapshot>; movedBytes: number };

/**
 * Jobs that take longer than a call should: a call starts one, or asks how far the one of that name is. A result is looked
 * up by the caller (what was stored is stored); a failure is told to one caller, and the next call starts it anew.
 */
export class LongJobs {
  readonly #jobs = new Map<string, Job>();
  readonly #closing = new AbortController();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  async ask(name: string, work: (tools: JobTools) => Promise<ShardSnapshot>): Promise<JobReport> {
    const job = this.#jobs.get(name) ?? this.#start(name, work);
    const { promise: later, resolve } = Promise.withResolvers<null>();
    const timer = setTimeout(resolve, ANSWER_MS, null);
    try {
      const stored = await Promise.race([job.ended, later]);
      return { stored, moved_bytes: job.movedBytes };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Returns when what was under way has ended. */
  async close(): Promise<void> {
    this.#closing.abort(new Failure('index_unavailable', 'the index node is stopping'));
    await Promise.allSettled([...this.#jobs.values()].map(({ ended }) => ended));
  }

  #start(name: string, work: (tools: JobTools) => Promise<ShardSnapshot>): Job {
    const { signal } = this.#closing;
    signal.throwIfAborted();
    if (this.#jobs.size >= RUNNING_MAX + WAITING_MAX) {
      throw new Failure('overloaded', 'too many snapshots and restores wait on this node');
    }
    const run = async (): Promise<ShardSnapshot> => {
      await this.#turn();
      try {
        signal.throwIfAborted();
        return await work({ signal, onProgress: (bytes) => (job.movedBytes = bytes) });
      } finally {
        this.#jobs.delete(name);
        this.#pass();
      }
    };
    const job: Job = { ended: Promise.resolve().then(run), movedBytes: 0 };
    // Nobody may be asking when it fails; the next one to ask starts it anew and hears of it.
    job.ended.catch(() => undefined);
    this.#jobs.set(name, job);
    return job;
  }

  async #turn(): Promise<void> {
    if (this.#running < RUNNING_MAX) {
      this.#running += 1;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    await promise;
  }

  /** The place passes to the next in line without being free in between. */
  #pass(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
