import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditLog } from '@vectorizer/cluster';
import type { AuditEntry } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { counter, gauge, type Logger } from '@vectorizer/telemetry';

/** Entries that wait to be written. When there are so many the log has been away for a while, and nothing more is begun. */
const QUEUE_MAX = 10_000;
/** Of one message; some 400 bytes each. */
const MESSAGE_ENTRIES_MAX = 1_000;
/** What comes within this is one message, so that the log's disk is asked for twenty writes a second and not for thousands. */
const GATHER_MS = 50;
const RETRY_MS = 250;
/** What waits for its entry to be durable does so no longer. */
const DURABLE_MS_MAX = 5_000;
/** What waits when the process is to end is tried for so long. */
const FAREWELL_MS = 3_000;

const written = counter({ name: 'vectorizer_audit_entries_total', help: 'Entries written to the audit log' });
const waiting = gauge({ name: 'vectorizer_audit_queue_entries', help: 'Entries that wait to be written' });

/** Entries on their way to the audit log: taken at once, written behind, none dropped while the process lives. */
export class AuditTrail {
  readonly #log: Pick<AuditLog, 'append' | 'nextNumber'>;
  readonly #logger: Logger;
  readonly #loop: Promise<void>;
  #queue: AuditEntry[] = [];
  #taken = 0;
  #durable = 0;
  #closing = false;
  #lastTryMs = Infinity;
  #hurry = new AbortController();
  readonly #waiting = new Set<() => void>();

  constructor(log: Pick<AuditLog, 'append' | 'nextNumber'>, logger: Logger) {
    this.#log = log;
    this.#logger = logger;
    this.#loop = this.#run();
  }

  /** Before something is begun that has to be in the log. Throws `log_unavailable` when that has been away for long. */
  checkRoom(): void {
    if (this.#queue.length < QUEUE_MAX) return;
    throw new Failure('log_unavailable', 'what is done cannot be written to the audit log', {
      details: { logged: false },
    });
  }

  add(entry: AuditEntry): void {
    this.#queue.push(entry);
    this.#taken += 1;
    waiting.set(this.#queue.length);
    this.#wake();
  }

  /** Returns when all that was added is durable, or after a bound: what is not is still written as soon as it can be. */
  async durable(): Promise<boolean> {
    const wanted = this.#taken;
    const deadline = performance.now() + DURABLE_MS_MAX;
    this.#hurry.abort();
    while (this.#durable < wanted && performance.now() < deadline) await this.#changed(deadline - performance.now());
    return this.#durable >= wanted;
  }

  /**
   * Writes what is left, if the log can be reached. Otherwise the process's own log has it, a line each: where that goes is kept
   * by somebody else, and a file beside the process would be gone with its container.
   */
  async close(): Promise<void> {
    this.#closing = true;
    this.#lastTryMs = performance.now() + FAREWELL_MS;
    this.#hurry.abort();
    this.#wake();
    await this.#loop;
    // Not as errors, of which those that look alike are counted instead of written.
    for (const entry of this.#queue) this.#logger.fatal({ entry }, 'could not be written to the audit log');
  }

  async #run(): Promise<void> {
    for (;;) {
      while (this.#queue.length === 0 && !this.#closing) await this.#changed(GATHER_MS * 20);
      if (this.#queue.length === 0) return;
      await this.#gather();
      const entries = this.#queue.slice(0, MESSAGE_ENTRIES_MAX);
      if (!(await this.#write(entries))) return;
      this.#queue.splice(0, entries.length);
      this.#durable += entries.length;
      written.inc(entries.length);
      waiting.set(this.#queue.length);
      this.#wake();
    }
  }

  async #gather(): Promise<void> {
    const { signal } = this.#hurry;
    await sleep(GATHER_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted && !this.#closing) this.#hurry = new AbortController();
  }

  /** Again and again while the log is away; false when the process is to end meanwhile. */
  async #write(entries: readonly AuditEntry[]): Promise<boolean> {
    const number = this.#log.nextNumber();
    for (;;) {
      try {
        await this.#log.append(number, entries);
        return true;
      } catch (error) {
        this.#logger.warn({ error, entries: this.#queue.length }, 'the audit log cannot be written to');
        if (performance.now() > this.#lastTryMs) return false;
        await sleep(RETRY_MS);
      }
    }
  }

  async #changed(withinMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    const timer = setTimeout(resolve, withinMs);
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(resolve);
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
  }
}
