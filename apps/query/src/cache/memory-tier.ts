import { covers } from '@vectorizer/contracts';
import { LRUCache } from 'lru-cache';
import { bytesOf, type Cached } from './cached.ts';
import type { SearchKey } from './search-key.ts';

export type MemoryLimits = {
  /** Of all entries together. */
  readonly bytesMax: number;
  /** One answer that is larger is not kept: it would push out too many others. */
  readonly entryBytesMax: number;
  readonly ttlMs: number;
};

/** Under a mark, which two searches may share, whose answer it is. */
type Entry = { readonly key: SearchKey; readonly cached: Cached };

/** So many keys wait for their digests, which in a row take a fifth of the time: the processor's caches stay as they are. */
const UNDIGESTED_MAX = 64;

/** The newest known answer of each search, in this process, the least recently used given up first. */
export class MemoryTier {
  readonly #entries: LRUCache<number, Entry>;
  readonly #ttlMs: number;
  /** Each holds its search, which may be of some size, until then. */
  readonly #undigested: SearchKey[] = [];
  #evictions = 0;

  constructor({ bytesMax, entryBytesMax, ttlMs }: MemoryLimits) {
    this.#ttlMs = ttlMs;
    // One that may hold nothing is a cache of no bound to the library.
    const sizes = { maxSize: Math.max(1, bytesMax), maxEntrySize: Math.max(1, Math.min(entryBytesMax, bytesMax)) };
    this.#entries = new LRUCache<number, Entry>({
      ...sizes,
      dispose: (_value, _key, reason) => {
        if (reason === 'evict') this.#evictions += 1;
      },
    });
  }

  get(key: SearchKey): Cached | undefined {
    const entry = this.#entries.get(key.mark);
    if (entry?.key.equals(key) !== true) return undefined;
    if (Date.now() - entry.cached.at < this.#ttlMs) return entry.cached;
    this.#entries.delete(key.mark);
    return undefined;
  }

  /** Takes the place of an older answer to the same search, never of a newer one, which a replica that lags may make later. */
  put(key: SearchKey, cached: Cached): void {
    const found = this.#entries.peek(key.mark);
    if (found?.key.equals(key) === true && isNewer(found.cached, cached)) return;
    this.#entries.set(key.mark, { key, cached }, { size: bytesOf(cached) });
    if (this.#undigested.push(key) >= UNDIGESTED_MAX) for (const { digest } of this.#undigested.splice(0)) void digest;
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
