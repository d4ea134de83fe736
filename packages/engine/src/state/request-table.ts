import assert from 'node:assert/strict';
import { limits, type RequestOutcome } from '@vectorizer/contracts';
import type { Fingerprint } from './fingerprint.ts';
import { unpackOutcomes, type OutcomeRuns } from './outcome-runs.ts';

/**
 * Outcomes differ rarely within a request, but a hostile one can make them all differ. Then fewer requests are
 * remembered: this many runs take some tens of megabytes.
 */
const RUNS_MAX = 200_000;

/** What is kept of a request. `reused` when its id had been used for other operations. */
export type Remembered = {
  readonly id: string;
  readonly sequence: number;
  readonly fingerprint: Fingerprint;
  readonly runs: OutcomeRuns;
  readonly reused?: true;
};

/**
 * The recent requests and what they came to, first in, first out. It is a function of the log alone: every replica
 * remembers and forgets the same requests at the same sequence, so that a retry is answered alike everywhere.
 */
export class RequestTable {
  /** By the order in which they came. */
  readonly #byOrder = new Map<number, Remembered>();
  readonly #orderOfId = new Map<string, number>();
  readonly #orderOfReuse = new Map<string, number>();
  readonly #max: number;
  /** Not the first key of the map: to find it takes as long as there are keys that were deleted before it. */
  #oldest = 0;
  #next = 0;
  #runs = 0;

  constructor(max: number = limits.requestsRemembered) {
    this.#max = max;
  }

  /** The request that first used the id. */
  find(id: string): Remembered | undefined {
    const order = this.#orderOfId.get(id);
    return order === undefined ? undefined : this.#byOrder.get(order);
  }

  /** What a request came to; `sequence` tells a refused reuse of an id from the request that first used it. */
  outcome(id: string, sequence?: number): RequestOutcome | undefined {
    const reuse = sequence === undefined ? undefined : this.#orderOfReuse.get(reuseKey(id, sequence));
    const found = reuse === undefined ? this.find(id) : this.#byOrder.get(reuse);
    if (found === undefined) return undefined;
    return {
      request_id: id,
      sequence: found.sequence,
      replayed: sequence !== undefined && sequence !== found.sequence,
      outcomes: unpackOutcomes(found.runs),
    };
  }

  /** Adds a request and forgets the oldest beyond the bounds; answers what changed, by order. */
  remember(request: Remembered): { readonly added: number; readonly forgotten: readonly number[] } {
    const added = this.#next;
    this.restore(added, request);
    const forgotten: number[] = [];
    while (this.#oldest < added && (this.#byOrder.size > this.#max || this.#runs > RUNS_MAX)) {
      this.#forget(this.#oldest);
      forgotten.push(this.#oldest);
      this.#oldest += 1;
    }
    return { added, forgotten };
  }

  /** Puts back what was stored; in ascending order, without gaps. */
  restore(order: number, request: Remembered): void {
    if (this.#byOrder.size === 0) this.#oldest = order;
    this.#byOrder.set(order, request);
    this.#runs += request.runs.length;
    if (request.reused) this.#orderOfReuse.set(reuseKey(request.id, request.sequence), order);
    else this.#orderOfId.set(request.id, order);
    this.#next = order + 1;
  }

  #forget(order: number): void {
    const request = this.#byOrder.get(order);
    assert(request !== undefined, 'orders have no gaps');
    this.#byOrder.delete(order);
    this.#runs -= request.runs.length;
    if (request.reused) this.#orderOfReuse.delete(reuseKey(request.id, request.sequence));
    else if (this.#orderOfId.get(request.id) === order) this.#orderOfId.delete(request.id);
  }
}

function reuseKey(id: string, sequence: number): string {
  return `${sequence}:${id}`;
}
