import type { Wait } from '@vectorizer/contracts';
import { seededRandom, type SeededRandom } from '@vectorizer/testing';
import type { CacheUse, Demanded, Payload, ReadRequest, WriteOp, WriteRequest } from './history.ts';

export const DIMENSION = 4;

/**
 * What a client means to do next. Everything in it follows from the seed; only the versions that it has seen by then,
 * on which its conditions depend, are known when it does it.
 */
export type Intent = WriteIntent | ReadIntent;
export type WriteIntent = {
  readonly kind: 'write';
  readonly route: WriteRequest['route'];
  readonly wait: Wait;
  readonly ops: readonly OpIntent[];
  /** How often it tries again, under the same key, while it does not know what became of it. */
  readonly retries: number;
  /** Whether it sends the request once more although it was answered, as a client does that lost the answer. */
  readonly again: boolean;
  readonly pauseMs: number;
};
/** `seen`: on the version that the client last saw of the point. `stale`: on one that it had before. */
export type OpIntent = { readonly op: WriteOp; readonly condition: 'seen' | 'stale' | undefined };
export type ReadIntent = { readonly kind: 'read'; readonly request: ReadRequest; readonly pauseMs: number };

/** Few, so that clients meet at the same points; a third of the draws fall on the hot ones. */
const IDS = Array.from({ length: 40 }, (_, i) => `point-${i}`);
const HOT_IDS = IDS.slice(0, 5);
const KEYS = ['a', 'b', 'c'] as const;
const PAUSE_MS_MAX = 30;
const BATCH_MAX = 8;

/** `mixed`: every kind of request. `repeated`: mostly the same few searches, which caches can answer, among writes. */
export const LOADS = ['mixed', 'repeated'] as const;
export type Load = (typeof LOADS)[number];
const WRITE_SHARE: Readonly<Record<Load, number>> = { mixed: 0.55, repeated: 0.2 };
/** The same for every client and seed. */
const REPEATED = Array.from({ length: 6 }, (_, i) => {
  const random = seededRandom(4_711 + i);
  return { vector: [...random.vector(DIMENSION)], k: 3 + i, exact: i % 2 === 0 };
});
const LAG_MS_MAX = 400;
const STALENESS_MS_MAX = 3_000;

/** The intents of one client, one after the other. */
export class Intents {
  readonly #random: SeededRandom;
  readonly #client: number;
  readonly #load: Load;
  #number = 0;

  constructor(seed: number, client: number, load: Load = 'mixed') {
    this.#random = seededRandom(seed * 1_009 + client);
    this.#client = client;
    this.#load = load;
  }

  next(): Intent {
    this.#number += 1;
    const pauseMs = this.#random.int(PAUSE_MS_MAX + 1);
    if (this.#chance(WRITE_SHARE[this.#load])) return { ...this.#write(), pauseMs };
    return { kind: 'read', request: this.#load === 'mixed' ? this.#read() : this.#repeatedRead(), pauseMs };
  }

  #write(): Omit<WriteIntent, 'pauseMs'> {
    const random = this.#random;
    const route = this.#route();
    const count = route.endsWith('_one') ? 1 : 1 + random.int(BATCH_MAX);
    const ops = Array.from({ length: count }, () => this.#op(route));
    const draw = random.uniform();
    return {
      kind: 'write',
      route,
      wait: draw < 0.35 ? 'logged' : draw < 0.85 ? 'applied' : 'replicated',
      // A list with an id twice is refused for it; only a mixed batch may have one.
      ops: route === 'batch' ? ops : [...new Map(ops.map((each) => [each.op.id, each])).values()],
      retries: this.#chance(0.75) ? 3 : 0,
      again: this.#chance(0.12),
    };
  }

  #route(): WriteRequest['route'] {
    const draw = this.#random.uniform();
    if (draw < 0.3) return 'upsert';
    if (draw < 0.42) return 'insert';
    if (draw < 0.48) return 'delete';
    if (draw < 0.62) return 'batch';
    if (draw < 0.78) return 'update_one';
    return draw < 0.9 ? 'patch_one' : 'delete_one';
  }

  #op(route: WriteRequest['route']): OpIntent {
    const op = this.#opOf(route);
    if (op.kind === 'insert' || route === 'delete') return { op, condition: undefined };
    const draw = this.#random.uniform();
    return { op, condition: draw < 0.25 ? 'seen' : draw < 0.3 ? 'stale' : undefined };
  }

  #opOf(route: WriteRequest['route']): WriteOp {
    const id = this.#random.pick(this.#chance(0.33) ? HOT_IDS : IDS);
    switch (route) {
      case 'upsert':
        return { kind: 'upsert', id, vector: this.#vector(), ...(this.#chance(0.8) && { payload: this.#payload() }) };
      case 'insert':
        return { kind: 'insert', id, vector: this.#vector(), payload: this.#payload() };
      case 'delete':
      case 'delete_one':
        return { kind: 'delete', id };
      case 'update_one':
        return this.#chance(0.5)
          ? { kind: 'update', id, vector: this.#vector() }
          : { kind: 'update', id, payload: this.#chance(0.1) ? null : this.#payload() };
      case 'patch_one':
        return this.#patch(id);
      case 'batch':
        return this.#opOf(this.#random.pick(['upsert', 'insert', 'delete', 'update_one', 'patch_one'] as const));
    }
    return route satisfies never;
  }

  #patch(id: string): WriteOp {
    const draw = this.#random.uniform();
    if (draw < 0.15) return { kind: 'payload_delete_keys', id, keys: [this.#random.pick(KEYS)] };
    return { kind: draw < 0.8 ? 'payload_merge' : 'payload_replace', id, payload: this.#payload() };
  }

  #read(): ReadRequest {
    const random = this.#random;
    const level = random.uniform();
    const consistency = level < 0.25 ? 'eventual' : level < 0.7 ? 'session' : 'strong';
    const draw = random.uniform();
    if (draw < 0.5) return { kind: 'get', id: random.pick(this.#chance(0.5) ? HOT_IDS : IDS), consistency };
    if (draw < 0.7) {
      return { kind: 'search', vector: this.#vector(), k: 1 + random.int(10), exact: this.#chance(0.5), consistency };
    }
    if (draw < 0.9) {
      const after = this.#chance(0.5) ? { after: random.pick(IDS) } : {};
      return { kind: 'scroll', ...after, limit: 1 + random.int(IDS.length + 5), consistency };
    }
    return { kind: 'count', consistency };
  }

  #repeatedRead(): ReadRequest {
    const demanded = this.#demanded();
    if (this.#chance(0.15)) return { kind: 'get', id: this.#random.pick(HOT_IDS), ...demanded };
    return { kind: 'search', ...this.#random.pick(REPEATED), ...demanded, ...this.#cacheUse(demanded) };
  }

  /** What is to be all that was acknowledged cannot be stale as well. */
  #cacheUse({ consistency }: Demanded): CacheUse {
    if (this.#chance(0.1)) return { no_cache: true };
    if (consistency === 'bounded' || consistency === 'strong' || this.#chance(0.6)) return {};
    return { max_staleness_ms: this.#random.int(STALENESS_MS_MAX) };
  }

  #demanded(): Demanded {
    const draw = this.#random.uniform();
    if (draw < 0.2) return { consistency: 'bounded', max_lag_ms: this.#random.int(LAG_MS_MAX) };
    return { consistency: draw < 0.4 ? 'eventual' : draw < 0.65 ? 'session' : draw < 0.8 ? 'strong' : 'default' };
  }

  /** What is written is unlike all else that is, so that a read tells whose it read. */
  #payload(): Payload {
    return { [this.#random.pick(KEYS)]: `${this.#client}.${this.#number}`, n: this.#random.int(1_000) };
  }

  #vector(): number[] {
    return [...this.#random.vector(DIMENSION)];
  }

  #chance(probability: number): boolean {
    return this.#random.uniform() < probability;
  }
}
