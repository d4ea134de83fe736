import { setTimeout as sleep } from 'node:timers/promises';
import { entriesIn, type AuditLog, type Catalog } from '@vectorizer/cluster';
import { AuditEntry, openEntry, type CollectionUid } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Log } from '@vectorizer/log';
import { counter, type Logger } from '@vectorizer/telemetry';

/**
 * After a start, and once more when no request of a gateway that is gone can still come into a log: they have deadlines of a
 * minute at most.
 */
const AFTER_START_MS = [10_000, 80_000] as const;
/** How far back it is looked: longer than a gateway takes to be started again, and than that minute. */
const WINDOW_MS = 300_000;
/** What is younger may still be written by the gateway that made it. */
const SETTLED_MS = 5_000;
/** Entries of one log, and messages of the audit log, that are read for it. */
const ENTRIES_MAX = 50_000;
const CHUNK = 64;

export type RecoveryParts = {
  readonly catalog: Pick<Catalog, 'list'>;
  readonly log: Log;
  readonly audit: AuditLog;
  readonly logger: Logger;
};

const recovered = counter({
  name: 'vectorizer_audit_recovered_total',
  help: 'Changes whose entry in the audit log was made from the write log',
});

/**
 * Writes into the audit log which changes are in the write logs and not there: a gateway that was killed had not told of them.
 * Each is written once, whoever finds it.
 */
export class AuditRecovery {
  readonly #parts: RecoveryParts;
  readonly #closing = new AbortController();
  readonly #loop: Promise<void>;

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
    this.#loop = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const startMs = performance.now();
    const { signal } = this.#closing;
    for (const afterMs of AFTER_START_MS) {
      const leftMs = startMs + afterMs - performance.now();
      await sleep(Math.max(0, leftMs), undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        const found = await this.#recover(Date.now());
        if (found > 0)
          this.#parts.logger.warn({ changes: found }, 'changes were missing from the audit log, and are there now');
      } catch (error) {
        this.#parts.logger.error({ err: error }, 'the audit log could not be held against the write logs');
      }
    }
  }

  async #recover(nowMs: number): Promise<number> {
    const changes = await this.#changes(nowMs - WINDOW_MS);
    if (changes.size === 0) return 0;
    for (const known of await this.#audited(nowMs - WINDOW_MS)) changes.delete(known);
    const missing = [...changes].filter(([, { at }]) => Date.parse(at) < nowMs - SETTLED_MS);
    for (const [change, entry] of missing) await this.#parts.audit.appendOnce(change, entry);
    recovered.inc(missing.length);
    return missing.length;
  }

  /** By their names, as the logs have them. */
  async #changes(sinceMs: number): Promise<Map<string, AuditEntry>> {
    const changes = new Map<string, AuditEntry>();
    for (const { uid, config } of this.#parts.catalog.list()) {
      for (let shard = 0; shard < config.shards; shard++) {
        for (const entry of await this.#authorships(uid, shard, sinceMs)) {
          if (entry.change !== undefined) changes.set(entry.change, entry);
        }
      }
    }
    return changes;
  }

  async #authorships(uid: CollectionUid, shard: number, sinceMs: number): Promise<AuditEntry[]> {
    const { log } = this.#parts;
    try {
      const { lastSequence } = await log.state(uid, shard);
      const after = Math.max(await log.lastSequenceBefore(uid, shard, sinceMs), lastSequence - ENTRIES_MAX);
      const found: AuditEntry[] = [];
      for (let first = after + 1; first <= lastSequence; first += CHUNK) {
        const sequences = Array.from({ length: Math.min(CHUNK, lastSequence - first + 1) }, (_, i) => first + i);
        const entries = await Promise.all(sequences.map(async (each) => log.entryAt(uid, shard, each)));
        found.push(...entries.flatMap((entry) => (entry === undefined ? [] : authorsIn(entry.bytes))));
      }
      return found;
    } catch (cause) {
      // Dropped meanwhile, and with it the log.
      if (Failure.from(cause).type === 'collection_not_found') return [];
      throw cause;
    }
  }

  /** The names of the changes that the audit log has. */
  async #audited(sinceMs: number): Promise<Set<string>> {
    const { audit } = this.#parts;
    const { first, last } = await audit.state();
    const known = new Set<string>();
    for (let end = last; end >= Math.max(first, last - ENTRIES_MAX) && end > 0; end -= CHUNK) {
      const start = Math.max(first, end - CHUNK + 1, 1);
      const messages = await audit.read(Array.from({ length: end - start + 1 }, (_, i) => start + i));
      const entries = messages.flatMap((message) => entriesIn(message));
      for (const { change } of entries) if (change !== undefined) known.add(change);
      // An entry is written a little after what it tells of, and a recovered one much later.
      if (entries.length > 0 && entries.every(({ at }) => Date.parse(at) < sinceMs)) break;
    }
    return known;
  }
}

function authorsIn(bytes: Uint8Array): AuditEntry[] {
  try {
    return openEntry(bytes).requests.flatMap(({ by }) => (by === undefined ? [] : authorIn(by)));
  } catch {
    // Nobody's request: replicas reject it and tell of it.
    return [];
  }
}

/** None where the text is not what a gateway writes. */
function authorIn(text: string): AuditEntry[] {
  try {
    return [AuditEntry.parse(JSON.parse(text))];
  } catch {
    return [];
  }
}
