import { LRUCache } from 'lru-cache';
import { bytesOf, covers, type Cached } from './cached.ts';

export type MemoryLimits = {
  /** Of all entries together. */
  readonly bytesMax: number;
  /** One answer that is larger is not kept: it would push out too many others. */
  readonly entryBytesMax: number;
  readonly ttlMs: number;
};

/** The newest known answer of each search, in this process, the least recently used given up first. */
export class MemoryTier {
  readonly #entries: LRUCache<string, Cached>;
  readonly #ttlMs: number;
  #evictions = 0;

  constructor({ bytesMax, entryBytesMax, ttlMs }: MemoryLimits) {
    this.#ttlMs = ttlMs;
    // One that may hold nothing is a cache of no bound to the library.
    const sizes = { maxSize: Math.max(1, bytesMax), maxEntrySize: Math.max(1, Math.min(entryBytesMax, bytesMax)) };
    this.#entries = new LRUCache<string, Cached>({
      ...sizes,
      dispose: (_value, _key, reason) => {
        if (reason === 'evict') this.#evictions += 1;
      },
    });
  }

  get(key: string): Cached | undefined {
    const cached = this.#entries.get(key);
    if (cached === undefined || Date.now() - cached.at < this.#ttlMs) return cached;
    this.#entries.delete(key);
    return undefined;
  }

  /** Takes the place of an older answer to the same search, never of a newer one, which a replica that lags may make later. */
  put(key: string, cached: Cached): void {
    const found = this.#entries.peek(key);
    if (found !== undefined && isNewer(found, cached)) return;
    this.#entries.set(key, cached, { size: bytesOf(cached) });
  }

  get figures(): { readonly entries: number; readonly bytes: number; readonly evictions: number } {
    return { entries: this.#entries.size, bytes: this.#entries.calculatedSize, evictions: this.#evictions };
  }
}

/** Of a newer state, or of the same and computed later. */
function isNewer(one: Cached, other: Cached): boolean {
  if (!covers(one.sequences, other.sequences)) return false;
  return !covers(other.sequences, one.sequences) || one.at >= other.at;
}
