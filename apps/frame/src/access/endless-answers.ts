import type { ServerResponse } from 'node:http';
import type { KeyRegistry } from '@vectorizer/cluster';
import type { Principal } from './principal.ts';

/** How often it is looked for keys that have come to their end. */
const LOOK_MS = 500;

/** Answers without an end, such as streams of events: each is cut off when the key that it was asked with is good no longer. */
export class EndlessAnswers {
  readonly #open = new Map<ServerResponse, Principal>();
  readonly #timer: NodeJS.Timeout;

  constructor(keys: KeyRegistry) {
    keys.onChange(({ key, after }) => {
      if (after === undefined || after.revoked_at !== null) this.#cut(({ kind, id }) => kind === 'key' && id === key);
    });
    this.#timer = setInterval(() => {
      const nowMs = Date.now();
      this.#cut(({ goodUntilMs }) => goodUntilMs <= nowMs);
    }, LOOK_MS);
    this.#timer.unref();
  }

  /** Their number is bounded by the routes that give them. */
  add(principal: Principal, response: ServerResponse): void {
    this.#open.set(response, principal);
    response.once('close', () => this.#open.delete(response));
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #cut(isOver: (principal: Principal) => boolean): void {
    for (const [response, principal] of this.#open) {
      if (isOver(principal)) response.destroy();
    }
  }
}
