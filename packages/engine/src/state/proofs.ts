import { digestOfEntry, nextInChain } from '@vectorizer/contracts';
import type { ShardMeta } from './meta.ts';
import type { PointRecord } from './record.ts';
import { digestOf, StateHash } from './state-hash.ts';

/** What replicas of one shard at one sequence have in common, and what tells a replaced log. */
export type Proven = Pick<ShardMeta, 'state_hash' | 'chain' | 'digest'>;
/** An entry for the chain; its digest where that is known already. */
export type Link = { readonly sequence: number; readonly bytes: Uint8Array; readonly digest?: string };

/** Entries, and changed points, that are put off: half a millisecond each for whoever asks. */
const PENDING_MAX = 256;

/**
 * The state hash and the chain of a state that moves. What an entry costs them is put off until somebody asks, as a flush, a
 * heartbeat and an agreed sequence do: no write waits for it, a point that changed often meanwhile is hashed once, and
 * hashing many in a row takes two thirds of the time.
 */
export class Proofs {
  readonly #hash: StateHash;
  #proven: Proven;
  #links: Link[] = [];
  /** Of the points that have changed since: what the hash has of each, if it has it. */
  readonly #counted = new Map<string, string | undefined>();

  constructor({ state_hash, chain, digest }: Proven) {
    this.#hash = StateHash.fromHex(state_hash);
    this.#proven = { state_hash, chain, digest };
  }

  get full(): boolean {
    return this.#counted.size >= PENDING_MAX || this.#links.length >= PENDING_MAX;
  }

  entry(link: Link): void {
    this.#links.push(link);
  }

  changed(id: string, before: PointRecord | undefined): void {
    if (!this.#counted.has(id)) this.#counted.set(id, before && (before.digest ?? digestOf(id, before)));
  }

  /** `point` answers the points as they are. */
  settle(point: (id: string) => PointRecord | undefined): Proven {
    if (this.#links.length === 0) return this.#proven;
    let { chain, digest } = this.#proven;
    for (const link of this.#links) {
      digest = link.digest ?? digestOfEntry(link.bytes);
      chain = nextInChain(chain, { sequence: link.sequence, digest });
    }
    this.#links = [];
    for (const [id, counted] of this.#counted) {
      if (counted !== undefined) this.#hash.subtract(counted);
      const record = point(id);
      if (record !== undefined) this.#hash.add((record.digest ??= digestOf(id, record)));
    }
    this.#counted.clear();
    return (this.#proven = { state_hash: this.#hash.toHex(), chain, digest });
  }
}
