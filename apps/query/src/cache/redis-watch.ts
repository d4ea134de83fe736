import type { Redis } from 'ioredis';
import type { Logger } from '@vectorizer/telemetry';

/** How often Redis is asked what it holds, and looked after. */
const LOOK_MS = 2_000;
/** A server that has owed an answer for so long is gone, though its connection does not say so. */
const SILENT_MS_MAX = 3_000;

/** Looks after a connection to Redis: says when it comes and goes, and breaks one that has gone dead. */
export class RedisWatch {
  readonly #client: Redis;
  readonly #timer: NodeJS.Timeout;
  #usage = { evictions: 0, bytes: 0 };
  /** What the server had evicted when it was asked first; undefined before that, and 0 after it was started anew. */
  #evictedBefore: number | undefined;
  #owed = 0;
  #silentSinceMs = 0;
  #away = false;

  constructor(client: Redis, logger: Logger) {
    this.#client = client;
    client.on('ready', () => {
      if (this.#away) logger.info('the shared cache is back');
      this.#away = false;
      void this.#look();
    });
    client.on('error', (error: Error) => {
      // Each attempt to come back fails with one; the first says it all. Its message only: beside it, it carries the command, and
      // that of signing in has the password.
      if (!this.#away) logger.warn({ reason: error.message }, 'the shared cache is away: going on without it');
      this.#away = true;
    });
    this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref();
  }

  /** What it holds, and how much it has evicted since it is looked after. */
  get usage(): { readonly evictions: number; readonly bytes: number } {
    return this.#usage;
  }

  sent(): void {
    if (this.#owed === 0) this.#silentSinceMs = performance.now();
    this.#owed += 1;
  }

  settled(): void {
    this.#owed -= 1;
    this.#silentSinceMs = performance.now();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#client.status !== 'ready') return;
    if (this.#owed > 0 && performance.now() - this.#silentSinceMs > SILENT_MS_MAX) {
      this.#client.disconnect(true);
      return;
    }
    this.sent();
    try {
      const [memory, stats] = [await this.#client.info('memory'), await this.#client.info('stats')];
      const evicted = numberIn(stats, 'evicted_keys');
      const before = this.#evictedBefore ?? evicted;
      this.#evictedBefore = evicted < before ? 0 : before;
      this.#usage = { bytes: numberIn(memory, 'used_memory'), evictions: evicted - this.#evictedBefore };
    } catch {
      // It went away meanwhile; what it held last stands.
    } finally {
      this.settled();
    }
  }
}

function numberIn(text: string, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1] ?? 0);
}
