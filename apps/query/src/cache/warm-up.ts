import { CollectionUid, SearchSpec } from '@vectorizer/contracts';
import { Packr } from 'msgpackr';
import { z } from 'zod';
import { FrequentSearches, type Frequent } from './frequent-searches.ts';
import type { RedisTier } from './redis-tier.ts';

const LIST = 'frequent';
const LOOK_MS = 1_000;
/** The list is stored every so many looks. */
const LOOKS_PER_STORE = 10;
const Stored = z.array(z.object({ uid: CollectionUid, spec: SearchSpec }));
const packr = new Packr({ moreTypes: true, useRecords: false });

export type WarmUpOptions = {
  /** How many searches are remembered, and made again. */
  readonly searchesMax: number;
  readonly redis: RedisTier;
  readonly search: (search: Frequent) => Promise<unknown>;
};

/**
 * Makes the searches that were most frequent before a restart, so that they are in memory when they are asked for. Redis
 * keeps their list. One after the other, and one that fails (its collection may be gone) is left out.
 */
export class WarmUp {
  readonly #options: WarmUpOptions;
  readonly #frequent: FrequentSearches;
  readonly #timer: NodeJS.Timeout;
  #closed = false;
  #looks = 0;
  /** A list is stored only once the former one was read: it would be overwritten. */
  #begun = false;

  constructor(options: WarmUpOptions) {
    this.#options = options;
    this.#frequent = new FrequentSearches(options.searchesMax);
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  note(key: string, search: Frequent): void {
    this.#frequent.note(key, search);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  #look(): void {
    const { redis } = this.#options;
    if (!redis.figures.connected) return;
    if (!this.#begun) void this.#repeat();
    this.#begun = true;
    this.#looks += 1;
    const list = this.#frequent.top();
    if (this.#looks % LOOKS_PER_STORE === 0 && list.length > 0) redis.store(LIST, packr.pack(list));
  }

  async #repeat(): Promise<void> {
    const { redis, search, searchesMax } = this.#options;
    const list = (await redis.load(LIST, (unpacked) => Stored.safeParse(unpacked).data)) ?? [];
    for (const each of list.slice(0, searchesMax)) {
      if (this.#closed) return;
      await search(each).catch(() => undefined);
    }
  }
}
