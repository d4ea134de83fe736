import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Gateways, type Gateway } from './gateways.ts';
import type { CacheUse } from './types.ts';
import { VectorizerError } from './vectorizer-error.ts';

export type TransportOptions = {
  /** Of a gateway, or of several: one is used at a time, and another when that gives no answer. */
  readonly url: string | readonly string[];
  readonly apiKey?: string;
  /** Connections kept open; requests beyond them wait for one. */
  readonly connections?: number;
  /** How long one attempt may take, from sending to the last byte. */
  readonly attemptMs?: number;
  /** How often a request is tried in all; 1 never retries. */
  readonly attempts?: number;
};

export type Call = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** A token is kept and sent for each collection; of several, their answer has one of each in the same order. */
  readonly collection?: string | readonly string[];
  /**
   * `always`: sending it twice is harmless (reads, and writes, which carry a key). `refused`: only when it cannot have
   * had an effect.
   */
  readonly retry: 'always' | 'refused';
  readonly idempotencyKey?: string;
  /** The answer is not to come from the cache. */
  readonly uncached?: boolean;
  readonly signal?: AbortSignal | undefined;
};

export type StreamCall = {
  readonly path: string;
  /** Of the last event that was heard. */
  readonly lastEventId: string | undefined;
  readonly signal: AbortSignal;
};

const CONNECTIONS = 32;
const ATTEMPT_MS = 70_000;
const ATTEMPTS = 6;
/** First wait; doubled after each attempt, up to the longest. With six attempts a server may be away about three seconds. */
const BACKOFF_MS = 100;
const BACKOFF_MS_MAX = 2_000;
/** A gateway that has not answered for this long may stand still: another one is asked as well, where that does no harm. */
const PATIENCE_MS = 2_000;
/** A server that asks for more patience than this gets asked again sooner. */
const RETRY_AFTER_MS_MAX = 10_000;
const TOKEN_HEADER = 'x-vectorizer-token';

type Answer = {
  readonly status: number;
  readonly body: string;
  readonly retryAfterMs: number;
  readonly token: string | undefined;
  readonly cache: CacheUse | undefined;
};

/** Requests over kept-alive connections, with retries. Tokens are kept per collection, so that reads see own writes. */
export class Transport {
  readonly #gateways: Gateways;
  readonly #options: TransportOptions;
  readonly #tokens = new Map<string, string>();
  readonly #closing = new AbortController();

  constructor(options: TransportOptions) {
    const { url, connections = CONNECTIONS, attemptMs = ATTEMPT_MS } = options;
    this.#options = options;
    this.#gateways = new Gateways(typeof url === 'string' ? [url] : url, { connections, attemptMs });
  }

  /** The parsed JSON of a good answer; throws VectorizerError for any other once its retries are used up. */
  async request<Result>(call: Call): Promise<Result> {
    return JSON.parse((await this.#request(call)).body) as Result;
  }

  /** The same, with what the answer says of the cache. */
  async requestNoted<Result>(call: Call): Promise<Result & { readonly cache: CacheUse }> {
    const { body, cache = { status: 'bypass' } } = await this.#request(call);
    return { ...(JSON.parse(body) as Result), cache };
  }

  async #request(call: Call): Promise<Answer> {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const attempts = this.#options.attempts ?? ATTEMPTS;
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(call, body);
      if (!(outcome instanceof Refused)) return outcome;
      if (outcome.staleToken && this.#forgetAll(call)) continue;
      if (attempt >= attempts || !mayRetry(call, outcome.error)) throw outcome.error;
      if (outcome.elsewhere) call.signal?.throwIfAborted();
      else await this.#wait(attempt, outcome.retryAfterMs, call.signal);
    }
  }

  /**
   * The bytes of an answer without an end, over one connection to one gateway. Throws VectorizerError where it is refused or
   * breaks off; the next call then asks another gateway, where there is one.
   */
  async *stream({ path, lastEventId, signal }: StreamCall): AsyncGenerator<Uint8Array> {
    const gateway = this.#gateways.current;
    const { apiKey } = this.#options;
    const headers = {
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
      ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
    };
    let refusal: VectorizerError | undefined;
    try {
      const request = { method: 'GET', path: `${gateway.prefix}${path}`, headers, signal } as const;
      const { statusCode, body } = await gateway.pool.request(request);
      if (statusCode < 400) return yield* body;
      refusal = VectorizerError.answer(statusCode, await body.text());
    } catch (cause) {
      this.#gateways.doubt(gateway);
      throw VectorizerError.connection(cause);
    }
    if (refusal.status >= 500) this.#gateways.doubt(gateway);
    throw refusal;
  }

  /** Before a request is sent for another time. */
  async pause(attempt: number, signal: AbortSignal): Promise<void> {
    await this.#wait(attempt, 0, signal);
  }

  token(collection: string): string | undefined {
    return this.#tokens.get(collection);
  }

  useToken(collection: string, token: string): void {
    this.#tokens.set(collection, token);
  }

  forget(collection: string): void {
    this.#tokens.delete(collection);
  }

  /** Aborted when the client is closed: what has no end of its own ends then. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#gateways.close();
  }

  async #attempt(call: Call, body: string | undefined): Promise<Answer | Refused> {
    call.signal?.throwIfAborted();
    const tokens = collectionsOf(call).flatMap((name) => this.#tokens.get(name) ?? []);
    const sent = tokens.length === 0 ? undefined : tokens.join(', ');
    const gateway = this.#gateways.current;
    let answer: Answer;
    try {
      answer = await this.#askPatiently(gateway, { call, body, token: sent });
    } catch (cause) {
      call.signal?.throwIfAborted();
      return new Refused(VectorizerError.connection(cause), { elsewhere: this.#gateways.doubt(gateway) });
    }
    if (answer.status < 400) {
      this.#keepTokens(call, answer);
      return answer;
    }
    const error = VectorizerError.answer(answer.status, answer.body);
    return new Refused(error, {
      retryAfterMs: answer.retryAfterMs,
      staleToken: error.type === 'invalid_token' && sent !== undefined,
      elsewhere: answer.status >= 500 && this.#gateways.doubt(gateway),
    });
  }

  #keepTokens(call: Call, { token = '' }: Answer): void {
    for (const [i, text] of token.split(', ').entries()) {
      const collection = collectionsOf(call)[i];
      if (collection !== undefined && text !== '') this.#tokens.set(collection, text);
    }
  }

  /** Whether there was anything to forget. */
  #forgetAll(call: Call): boolean {
    return collectionsOf(call).filter((name) => this.#tokens.delete(name)).length > 0;
  }

  /** Asks a second gateway, too, when the first keeps silent and a request may be sent twice; whichever answers first has. */
  async #askPatiently(gateway: Gateway, request: Sent): Promise<Answer> {
    const { other } = this.#gateways;
    const given = request.call.signal;
    if (other === undefined || request.call.retry !== 'always') return this.#send(gateway, request, given ?? null);
    const stop = new AbortController();
    const signal = given === undefined ? stop.signal : AbortSignal.any([given, stop.signal]);
    const first = this.#send(gateway, request, signal);
    try {
      if (await settlesWithin(PATIENCE_MS, first)) return await first;
      this.#gateways.doubt(gateway);
      return await Promise.any([first, this.#send(other, request, signal)]);
    } catch (error) {
      throw error instanceof AggregateError ? error.errors[0] : error;
    } finally {
      stop.abort();
    }
  }

  async #send(gateway: Gateway, { call, body, token }: Sent, signal: AbortSignal | null): Promise<Answer> {
    const headers: Record<string, string> = {};
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (token !== undefined) headers[TOKEN_HEADER] = token;
    if (call.uncached === true) headers['cache-control'] = 'no-cache';
    if (call.idempotencyKey !== undefined) headers['idempotency-key'] = call.idempotencyKey;
    if (this.#options.apiKey !== undefined) headers['authorization'] = `Bearer ${this.#options.apiKey}`;
    const response = await gateway.pool.request({
      method: call.method,
      path: `${gateway.prefix}${call.path}`,
      headers,
      body: body ?? null,
      signal,
    });
    const given = response.headers[TOKEN_HEADER];
    return {
      status: response.statusCode,
      body: await response.body.text(),
      retryAfterMs: Number(response.headers['retry-after'] ?? 0) * 1_000 || 0,
      token: typeof given === 'string' ? given : undefined,
      cache: cacheUseIn(response.headers),
    };
  }

  async #wait(attempt: number, retryAfterMs: number, signal: AbortSignal | undefined): Promise<void> {
    const backoff = Math.min(BACKOFF_MS * 2 ** (attempt - 1), BACKOFF_MS_MAX);
    // Jitter, so that clients that were refused together do not come back together.
    const jittered = backoff * (0.5 + Math.random() / 2);
    const ms = Math.max(jittered, Math.min(retryAfterMs, RETRY_AFTER_MS_MAX));
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  }
}

function collectionsOf({ collection = [] }: Call): readonly string[] {
  return typeof collection === 'string' ? [collection] : collection;
}

function cacheUseIn(headers: Readonly<Record<string, string | string[] | undefined>>): CacheUse | undefined {
  const [status, ageMs] = [headers['x-cache'], headers['x-cache-age-ms']];
  if (status !== 'hit' && status !== 'miss' && status !== 'bypass') return undefined;
  return ageMs === undefined ? { status } : { status, ageMs: Number(ageMs) };
}

/** A key for a write that has none: its retries must be recognised as such. */
export function newIdempotencyKey(): string {
  return randomUUID();
}

type Sent = { readonly call: Call; readonly body: string | undefined; readonly token: string | undefined };

class Refused {
  readonly error: VectorizerError;
  readonly retryAfterMs: number;
  /** The token is of an earlier life of the collection, which is no fault of this request. */
  readonly staleToken: boolean;
  /** Another gateway may do better, at once. */
  readonly elsewhere: boolean;

  constructor(error: VectorizerError, how: { retryAfterMs?: number; staleToken?: boolean; elsewhere?: boolean }) {
    this.error = error;
    this.retryAfterMs = how.retryAfterMs ?? 0;
    this.staleToken = how.staleToken ?? false;
    this.elsewhere = how.elsewhere ?? false;
  }
}

async function settlesWithin(ms: number, task: Promise<unknown>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), ms);
  const settled = (): void => resolve(true);
  task.then(settled, settled);
  return promise.finally(() => clearTimeout(timer));
}

function mayRetry(call: Call, error: VectorizerError): boolean {
  if (!error.retryable) return false;
  return call.retry === 'always' || error.status === 429 || error.details['code'] === 'ECONNREFUSED';
}
