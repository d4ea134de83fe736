import { covers, type SearchSpec } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { CacheableCall } from './cacheable-call.ts';
import type { Cached } from './cached.ts';
import type { SearchKey } from './search-key.ts';

/** What a call's searches lack, by place. */
export type Gaps = {
  readonly keys: readonly SearchKey[];
  readonly found: (Cached | undefined)[];
  readonly missing: readonly number[];
};
/** Different searches of one call, each with its key. */
export type Wanted = { readonly keys: readonly SearchKey[]; readonly specs: readonly SearchSpec[] };
export type Landed = {
  readonly values: readonly Cached[];
  /** Those of them that had to be computed. */
  readonly computed: readonly Cached[];
};
export type FlightsOptions = {
  readonly fetch: (call: CacheableCall, wanted: Wanted) => Promise<Landed>;
  /** What has become known of a search meanwhile. */
  readonly recall: (key: SearchKey, call: CacheableCall) => Cached | undefined;
};

/** A search that is being fetched, in its place among those of its call. */
type Flight = {
  readonly key: SearchKey;
  readonly call: CacheableCall;
  readonly place: number;
  readonly landing: Promise<Landed>;
};
type Placed = { readonly i: number; readonly place: number };
type Joined = { readonly i: number; readonly flight: Flight };
/** What joined flights brought that they had to compute, and what may not fail alone. */
type Joining = { readonly computed: readonly Cached[]; readonly alone: readonly number[] };

const NOTHING: Promise<Landed> = Promise.resolve({ values: [], computed: [] });
const NOWHERE = -1;

/** Searches that are under way, each fetched once for all who ask the same meanwhile. */
export class Flights {
  readonly #options: FlightsOptions;
  /** By mark. Of two that share one only the later is joined. */
  readonly #flights = new Map<number, Flight>();
  #shared = 0;

  constructor(options: FlightsOptions) {
    this.#options = options;
  }

  /** Searches that waited for another call's. */
  get shared(): number {
    return this.#shared;
  }

  /** Puts in place what is missing; answers which of it had to be computed, by whomever. */
  async fill(call: CacheableCall, gaps: Gaps): Promise<ReadonlySet<Cached>> {
    const { keys, found, missing } = gaps;
    const wanted: { readonly keys: SearchKey[]; readonly specs: SearchSpec[] } = { keys: [], specs: [] };
    const placed: Placed[] = [];
    const joined: Joined[] = [];
    for (const i of missing) {
      const key = keys[i] as SearchKey;
      const first = wanted.keys.findIndex((other) => other.equals(key));
      const flight = this.#flights.get(key.mark);
      if (first !== NOWHERE) placed.push({ i, place: first });
      else if (flight?.key.equals(key) === true && servesAlso(flight, call)) joined.push({ i, flight });
      else {
        placed.push({ i, place: wanted.keys.push(key) - 1 });
        wanted.specs.push(call.searches[i] as SearchSpec);
      }
    }
    this.#shared += joined.length;
    const landing = wanted.keys.length === 0 ? NOTHING : this.#depart(call, wanted);
    let own: Landed;
    try {
      own = await landing;
    } finally {
      // Before others' are waited for: what has landed is of the past, and nobody may come upon it later.
      for (const { mark } of wanted.keys) if (this.#flights.get(mark)?.call === call) this.#flights.delete(mark);
    }
    for (const { i, place } of placed) found[i] = own.values[place];
    // Most join nobody, and pay for no promise but their own.
    if (joined.length === 0) return new Set(own.computed);
    const { computed: byOthers, alone } = await this.#land(call, gaps, joined);
    const again = alone.length === 0 ? [] : await this.fill(call, { keys, found, missing: alone });
    return new Set([...own.computed, ...byOthers, ...again]);
  }

  #depart(call: CacheableCall, wanted: Wanted): Promise<Landed> {
    const landing = this.#options.fetch(call, wanted);
    for (const [place, key] of wanted.keys.entries()) this.#flights.set(key.mark, { key, call, place, landing });
    return landing;
  }

  /** Waits for others', and puts in place what they have fetched. */
  async #land(call: CacheableCall, { keys, found }: Gaps, joined: readonly Joined[]): Promise<Joining> {
    const computed: Cached[] = [];
    const alone: number[] = [];
    const joining = joined.map(async ({ i, flight }) => {
      try {
        const landed = await flight.landing;
        found[i] = landed.values[flight.place];
        computed.push(...landed.computed);
      } catch (error) {
        // It may be another search of that call that has failed.
        found[i] = this.#options.recall(keys[i] as SearchKey, call);
        if (found[i] !== undefined) return;
        if (failsAlso(flight, call)) throw Failure.from(error);
        alone.push(i);
      }
    });
    await Promise.all(joining);
    return { computed, alone };
  }
}

/**
 * What it brings reflects all that this call demands, and is no older than this call allows. And it waits for nothing that
 * this call would not wait for: what its demand has beyond this call's is known to be applied.
 */
function servesAlso({ call: { demanded, maxStalenessMs = 0, doubtedUntil } }: Flight, call: CacheableCall): boolean {
  const { newest = call.demanded } = call;
  // It has begun before a replica was found to have diverged.
  if (doubtedUntil < call.doubtedUntil) return false;
  if (!covers(demanded, call.demanded) || !covers(newest, demanded)) return false;
  return maxStalenessMs <= (call.maxStalenessMs ?? 0);
}

/** Whether this call, going alone, would fail as that one has: it has no more time, and demands no less. */
function failsAlso({ call: { demanded, context } }: Flight, call: CacheableCall): boolean {
  return context.deadline >= call.context.deadline && covers(call.demanded, demanded);
}
