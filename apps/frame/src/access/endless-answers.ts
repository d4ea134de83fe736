import type { ServerResponse } from 'node:http';
import type { KeyRegistry } from '@vectorizer/cluster';
import { Failure } from '@vectorizer/errors';
import type { Principal } from './principal.ts';

/** How often it is looked whether those who listen may still: what a key, or a role, loses it has lost within a second. */
const LOOK_MS = 500;

/** At a process: so many for one key, and for all together. Each holds a connection, whatever it is about. */
const OF_ONE_MAX = 100;
const OF_ALL_MAX = 1_000;

/** Who listens, and whether they would be let in now as they were once. */
export type Listener = { readonly principal: Principal; readonly isGood: () => boolean };

/**
 * Answers without an end, such as streams of events: each is cut off when it would not be begun any more, since the key was
 * revoked, rotated away or is at its end, its role lost what it takes, or there are keys now where there were none.
 */
export class EndlessAnswers {
  readonly #open = new Map<ServerResponse, Listener>();
  readonly #counts = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(keys: KeyRegistry) {
    keys.onChange(({ key }) => this.#look(({ kind, id }) => kind === 'open' || (kind === 'key' && id === key)));
    this.#timer = setInterval(() => this.#look(() => true), LOOK_MS);
    this.#timer.unref();
  }

  /** Throws `rate_limit_exceeded` when the key has as many as one may have, `overloaded` when there are too many in all. */
  add(listener: Listener, response: ServerResponse): void {
    const { principal } = listener;
    const who = `${principal.kind}:${principal.id}`;
    const count = this.#counts.get(who) ?? 0;
    if (principal.kind !== 'open' && count >= OF_ONE_MAX) {
      throw new Failure('rate_limit_exceeded', `the key has ${OF_ONE_MAX} streams open at this gateway`, {
        details: { limit_type: 'streams', limit: OF_ONE_MAX },
      });
    }
    if (this.#open.size >= OF_ALL_MAX) throw new Failure('overloaded', 'too many streams are open at this gateway');
    this.#open.set(response, listener);
    this.#counts.set(who, count + 1);
    response.once('close', () => this.#close(response, who));
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #close(response: ServerResponse, who: string): void {
    this.#open.delete(response);
    const left = (this.#counts.get(who) ?? 1) - 1;
    if (left > 0) this.#counts.set(who, left);
    else this.#counts.delete(who);
  }

  #look(isConcerned: (principal: Principal) => boolean): void {
    for (const [response, { principal, isGood }] of this.#open) {
      if (isConcerned(principal) && !isGood()) response.destroy();
    }
  }
}
