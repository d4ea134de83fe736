import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { buckets, KeyUsage, type KeyId } from '@vectorizer/contracts';
import type { Logger } from '@vectorizer/telemetry';
import { KvMirror } from './kv-mirror.ts';

/** What was counted is written this often, so a process that is killed forgets the uses of so long at most. */
const FLUSH_MS = 2_000;
/** Keys whose counts are written at once. */
const WRITES_IN_FLIGHT_MAX = 8;

type Uses = { readonly requests: number; readonly lastAtMs: number };

/** How often keys were used, by whatever process; counted in memory, and written behind the requests. */
export class KeyUsageRegistry {
  readonly #mirror: KvMirror<KeyUsage>;
  readonly #logger: Logger;
  readonly #closing = new AbortController();
  readonly #loop: Promise<void>;
  /** Not written yet. Only keys that exist are counted, so there are no more of them than keys. */
  #counted = new Map<KeyId, Uses>();

  private constructor(mirror: KvMirror<KeyUsage>, logger: Logger) {
    this.#mirror = mirror;
    this.#logger = logger;
    this.#loop = this.#flushForever();
  }

  static async open(options: {
    readonly connection: NatsConnection;
    readonly replicas: number;
    readonly logger: Logger;
  }): Promise<KeyUsageRegistry> {
    const mirror = await KvMirror.open({ ...options, bucket: buckets.keyUsage, schema: KeyUsage });
    return new KeyUsageRegistry(mirror, options.logger);
  }

  count(id: KeyId, nowMs: number): void {
    const before = this.#counted.get(id)?.requests ?? 0;
    this.#counted.set(id, { requests: before + 1, lastAtMs: nowMs });
  }

  /** What is written, and what this process has counted since. */
  of(id: KeyId): { readonly requests: number; readonly last_used_at: string | null } {
    const written = this.#mirror.get(id);
    const counted = this.#counted.get(id);
    const lastMs = Math.max(written === undefined ? 0 : Date.parse(written.last_used_at), counted?.lastAtMs ?? 0);
    return {
      requests: (written?.requests ?? 0) + (counted?.requests ?? 0),
      last_used_at: lastMs === 0 ? null : new Date(lastMs).toISOString(),
    };
  }

  /** Of a key that is gone. */
  forget(id: string): void {
    const forgotten = this.#mirror.get(id);
    if (forgotten === undefined) return;
    this.#counted.delete(forgotten.id);
    void this.#mirror.delete(id).catch((error: unknown) => {
      this.#logger.debug({ err: error, key: id }, 'the uses of a key that is gone could not be removed');
    });
  }

  /** Writes what is left to be written. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#loop;
    this.#mirror.close();
  }

  async #flushForever(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await sleep(FLUSH_MS, undefined, { signal, ref: false }).catch(() => undefined);
      await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    const counted = [...this.#counted];
    for (let i = 0; i < counted.length; i += WRITES_IN_FLIGHT_MAX) {
      const some = counted.slice(i, i + WRITES_IN_FLIGHT_MAX);
      await Promise.all(some.map(async ([id, uses]) => this.#add(id, uses)));
    }
  }

  async #add(id: KeyId, uses: Uses): Promise<void> {
    try {
      const addition = randomUUID();
      const last = new Date(uses.lastAtMs).toISOString();
      const fresh: KeyUsage = { v: 1, id, requests: uses.requests, last_used_at: last, addition };
      const created = await this.#mirror.create(id, fresh, (found) => found.addition === addition);
      if (!created) {
        await this.#mirror.update(id, (found) =>
          found.addition === addition
            ? found
            : { ...fresh, requests: found.requests + uses.requests, last_used_at: laterOf(found.last_used_at, last) },
        );
      }
      this.#written(id, uses.requests);
    } catch (error) {
      // Kept, and written with the next.
      this.#logger.debug({ err: error, key: id }, 'the uses of a key could not be written yet');
    }
  }

  #written(id: KeyId, requests: number): void {
    const now = this.#counted.get(id);
    if (now === undefined || now.requests <= requests) this.#counted.delete(id);
    else this.#counted.set(id, { ...now, requests: now.requests - requests });
  }
}

function laterOf(a: string, b: string): string {
  return a > b ? a : b;
}
