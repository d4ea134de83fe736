import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { VectorizerError } from './vectorizer-error.ts';

export type TransportOptions = {
  readonly url: string;
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
  /** A token is kept and sent for each collection. */
  readonly collection?: string;
  /**
   * `always`: sending it twice is harmless (reads, and writes, which carry a key). `refused`: only when it cannot have
   * had an effect.
   */
  readonly retry: 'always' | 'refused';
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal | undefined;
};

const CONNECTIONS = 32;
const ATTEMPT_MS = 70_000;
const ATTEMPTS = 6;
/** First wait; doubled after each attempt, up to the longest. With six attempts a server may be away about three seconds. */
const BACKOFF_MS = 100;
const BACKOFF_MS_MAX = 2_000;
/** A server that asks for more patience than this gets asked again sooner. */
const RETRY_AFTER_MS_MAX = 10_000;
const TOKEN_HEADER = 'x-vectorizer-token';

type Answer = {
  readonly status: number;
  readonly body: string;
  readonly retryAfterMs: number;
  readonly token: string | undefined;
};

/** Requests over kept-alive connections, with retries. Tokens are kept per collection, so that reads see own writes. */
export class Transport {
  readonly #pool: Pool;
  readonly #options: TransportOptions;
  readonly #prefix: string;
  readonly #tokens = new Map<string, string>();

  constructor(options: TransportOptions) {
    const url = new URL(options.url);
    const attemptMs = options.attemptMs ?? ATTEMPT_MS;
    this.#options = options;
    this.#prefix = url.pathname.replace(/\/+$/, '');
    this.#pool = new Pool(url.origin, {
      connections: options.connections ?? CONNECTIONS,
      pipelining: 1,
      headersTimeout: attemptMs,
      bodyTimeout: attemptMs,
    });
  }

  /** The parsed JSON of a good answer; throws VectorizerError for any other once its retries are used up. */
  async request<Result>(call: Call): Promise<Result> {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const attempts = this.#options.attempts ?? ATTEMPTS;
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(call, body);
      if (!(outcome instanceof Refused)) return JSON.parse(outcome.body) as Result;
      if (outcome.staleToken && call.collection !== undefined && this.#tokens.delete(call.collection)) continue;
      if (attempt >= attempts || !mayRetry(call, outcome.error)) throw outcome.error;
      await this.#wait(attempt, outcome.retryAfterMs, call.signal);
    }
  }

  forget(collection: string): void {
    this.#tokens.delete(collection);
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  async #attempt(call: Call, body: string | undefined): Promise<Answer | Refused> {
    call.signal?.throwIfAborted();
    const sent = call.collection === undefined ? undefined : this.#tokens.get(call.collection);
    let answer: Answer;
    try {
      answer = await this.#send(call, body, sent);
    } catch (cause) {
      call.signal?.throwIfAborted();
      return new Refused(VectorizerError.connection(cause), 0);
    }
    if (answer.status < 400) {
      if (call.collection !== undefined && answer.token !== undefined) this.#tokens.set(call.collection, answer.token);
      return answer;
    }
    const error = VectorizerError.answer(answer.status, answer.body);
    return new Refused(error, answer.retryAfterMs, error.type === 'invalid_token' && sent !== undefined);
  }

  async #send(call: Call, body: string | undefined, token: string | undefined): Promise<Answer> {
    const headers: Record<string, string> = {};
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (token !== undefined) headers[TOKEN_HEADER] = token;
    if (call.idempotencyKey !== undefined) headers['idempotency-key'] = call.idempotencyKey;
    if (this.#options.apiKey !== undefined) headers['authorization'] = `Bearer ${this.#options.apiKey}`;
    const response = await this.#pool.request({
      method: call.method,
      path: `${this.#prefix}${call.path}`,
      headers,
      body: body ?? null,
      signal: call.signal ?? null,
    });
    const given = response.headers[TOKEN_HEADER];
    return {
      status: response.statusCode,
      body: await response.body.text(),
      retryAfterMs: Number(response.headers['retry-after'] ?? 0) * 1_000 || 0,
      token: typeof given === 'string' ? given : undefined,
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

/** A key for a write that has none: its retries must be recognised as such. */
export function newIdempotencyKey(): string {
  return randomUUID();
}

class Refused {
  readonly error: VectorizerError;
  readonly retryAfterMs: number;
  /** The token is of an earlier life of the collection, which is no fault of this request. */
  readonly staleToken: boolean;

  constructor(error: VectorizerError, retryAfterMs: number, staleToken = false) {
    this.error = error;
    this.retryAfterMs = retryAfterMs;
    this.staleToken = staleToken;
  }
}

function mayRetry(call: Call, error: VectorizerError): boolean {
  if (!error.retryable) return false;
  return call.retry === 'always' || error.status === 429 || error.details['code'] === 'ECONNREFUSED';
}
