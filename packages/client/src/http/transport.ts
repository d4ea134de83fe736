import type { CacheUse } from '../types/search.ts';
import type { CallOptions } from '../types/options.ts';
import { backoffMs, retryAfterMs } from './backoff.ts';
import type { Exchange, Reply } from './exchange.ts';
import { fetchExchange, type Fetch } from './fetch-exchange.ts';
import { Gateways, type Gateway } from './gateways.ts';
import { nodeExchange } from './node-exchange.ts';
import { Silence } from './silence.ts';
import { Limit, settlesWithin, sleep } from './timing.ts';
import { Tokens } from './tokens.ts';
import { VectorizerError } from './vectorizer-error.ts';

export type TransportOptions = {
  /** Of a gateway, or of several: one is used at a time, and another when that gives no answer. */
  readonly url: string | readonly string[];
  readonly apiKey?: string | undefined;
  /** Connections kept open to a gateway (32); requests beyond them wait for one. */
  readonly connections?: number | undefined;
  /** How long one attempt may take, from sending to the last byte (70,000). */
  readonly attemptMs?: number | undefined;
  /** How often a request is tried in all (8); 1 never retries. */
  readonly attempts?: number | undefined;
  /** How long a call may take with all its attempts (120,000); each call may have its own. */
  readonly deadlineMs?: number | undefined;
  /** Certificates of authorities to trust (PEM), in place of those that the runtime trusts. With Node's own client only. */
  readonly ca?: string | undefined;
  /** In place of Node's own HTTP client; its connections are its own affair. */
  readonly fetch?: Fetch | undefined;
  /** What another client has seen, by `exportTokens`: this one reads at least that. */
  readonly tokens?: Readonly<Record<string, string>> | undefined;
};

export type Call = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Query | undefined;
  readonly body?: unknown;
  /** The body as JSON text. */
  readonly text?: string;
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
  /** Statuses beyond 399 whose answers are no failures. */
  readonly accept?: readonly number[];
  readonly options: CallOptions | undefined;
};
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export type UploadCall = {
  readonly path: string;
  /** Of the bytes. */
  readonly type: string;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Without a piece that is taken, or an answer, for so long, it counts as broken off. */
  readonly silentMs: number;
  readonly signal: AbortSignal | undefined;
};

export type StreamCall = {
  readonly path: string;
  readonly query?: Query;
  /** Sent as JSON by POST, if there is one. */
  readonly body?: unknown;
  /** Of the last event that was heard. */
  readonly lastEventId?: string | undefined;
  /** Without a byte for so long, it counts as broken off. */
  readonly silentMs: number;
  readonly signal: AbortSignal | undefined;
};

const CONNECTIONS = 32;
const ATTEMPT_MS = 70_000;
/** With as many, a server may be away for about three seconds. */
const ATTEMPTS = 8;
const DEADLINE_MS = 120_000;
/** A gateway that has not answered for this long may stand still: another one is asked as well, where that does no harm. */
const PATIENCE_MS = 2_000;
const TOKEN_HEADER = 'x-vectorizer-token';

type Answer = {
  readonly status: number;
  readonly body: string;
  readonly retryAfterMs: number;
  readonly token: string | undefined;
  readonly cache: CacheUse | undefined;
};

/** Requests with retries, over gateways of which one is used at a time. Tokens are kept per collection, so that reads see own writes. */
export class Transport {
  readonly tokens: Tokens;
  readonly #gateways: Gateways;
  readonly #options: TransportOptions;
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(options: TransportOptions) {
    const { url, connections = CONNECTIONS, ca, fetch, tokens } = options;
    this.#options = options;
    this.tokens = new Tokens(tokens);
    const open = (): Exchange =>
      (fetch === undefined ? nodeExchange({ connections, ca }) : undefined) ?? fetchExchange(fetch ?? globalThis.fetch);
    this.#gateways = new Gateways(typeof url === 'string' ? [url] : url, open);
  }

  /** The parsed JSON of a good answer; throws VectorizerError for any other once its retries are used up. */
  async request<Result>(call: Call): Promise<Result> {
    return JSON.parse(await this.text(call)) as Result;
  }

  /** The text of a good answer. */
  async text(call: Call): Promise<string> {
    return (await this.#request(call)).body;
  }

  /** The same, with what the answer says of the cache. */
  async requestNoted<Result>(call: Call): Promise<Result & { readonly cache: CacheUse }> {
    const { body, cache = { status: 'bypass' } } = await this.#request(call);
    return { ...(JSON.parse(body) as Result), cache };
  }

  /**
   * The bytes of an answer that is long or has no end, from one gateway. Throws VectorizerError where it is refused or
   * breaks off; the next call then asks another gateway, where there is one.
   */
  async *stream({ path, query, body, lastEventId, silentMs, signal }: StreamCall): AsyncGenerator<Uint8Array> {
    const gateway = this.#gateways.current;
    const headers = {
      ...this.#credentials(),
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const url = `${gateway.url}${withQuery(path, query)}`;
    let refusal: VectorizerError | undefined;
    const silence = new Silence(silentMs, [signal, this.closing]);
    try {
      const reply = await gateway.exchange.send({
        method: body === undefined ? 'GET' : 'POST',
        url,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: silence.signal,
      });
      if (reply.status < 400) return yield* silence.watch(reply.bytes());
      refusal = VectorizerError.answer(reply.status, await reply.text());
    } catch (cause) {
      signal?.throwIfAborted();
      this.#gateways.doubt(gateway);
      throw silence.brokenOff(cause);
    } finally {
      silence.end();
    }
    if (refusal.status >= 500) this.#gateways.doubt(gateway);
    throw refusal;
  }

  /** Sends bytes to one gateway as they come, once, since they cannot be sent again; the parsed JSON of a good answer. */
  async upload<Result>({ path, type, bytes, silentMs, signal }: UploadCall): Promise<Result> {
    const gateway = this.#gateways.current;
    const silence = new Silence(silentMs, [signal, this.closing]);
    let status: number;
    let text: string;
    try {
      const reply = await gateway.exchange.send({
        method: 'POST',
        url: `${gateway.url}${path}`,
        headers: { ...this.#credentials(), 'content-type': type },
        body: heardBy(silence, bytes),
        signal: silence.signal,
      });
      status = reply.status;
      text = await reply.text();
    } catch (cause) {
      signal?.throwIfAborted();
      this.#gateways.doubt(gateway);
      throw silence.brokenOff(cause);
    } finally {
      silence.end();
    }
    if (status < 400) return JSON.parse(text) as Result;
    if (status >= 500) this.#gateways.doubt(gateway);
    throw VectorizerError.answer(status, text);
  }

  /** Before a request is sent for another time. */
  async pause(attempt: number, signal: AbortSignal): Promise<void> {
    await sleep(backoffMs(attempt, 0), signal);
  }

  /** Aborted when the client is closed: what has no end of its own ends then. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#underWay);
    this.#gateways.close();
  }

  async #request(call: Call): Promise<Answer> {
    if (this.closing.aborted) throw new Error('the client is closed');
    const work = this.#persist(call);
    this.#underWay.add(work);
    try {
      return await work;
    } finally {
      this.#underWay.delete(work);
    }
  }

  async #persist(call: Call): Promise<Answer> {
    const body = call.text ?? (call.body === undefined ? undefined : JSON.stringify(call.body));
    const { attempts = ATTEMPTS } = this.#options;
    const until = performance.now() + (call.options?.deadlineMs ?? this.#options.deadlineMs ?? DEADLINE_MS);
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt({ call, body, until });
      if (!(outcome instanceof Refused)) return outcome;
      if (outcome.staleToken && this.#forgetAll(call)) continue;
      const pauseMs = outcome.elsewhere ? 0 : backoffMs(attempt, outcome.retryAfterMs);
      const isLast = attempt >= attempts || performance.now() + pauseMs >= until;
      if (isLast || !mayRetry(call, outcome.error)) throw outcome.error;
      await sleep(pauseMs, call.options?.signal);
    }
  }

  async #attempt({ call, body, until }: Work): Promise<Answer | Refused> {
    const signal = call.options?.signal;
    signal?.throwIfAborted();
    const tokens = collectionsOf(call).flatMap((name) => this.tokens.get(name) ?? []);
    const token = tokens.length === 0 ? undefined : tokens.join(', ');
    const gateway = this.#gateways.current;
    const ms = Math.max(0, Math.min(this.#options.attemptMs ?? ATTEMPT_MS, until - performance.now()));
    const limit = new Limit(ms, signal);
    let answer: Answer;
    try {
      answer = await this.#askPatiently(gateway, { call, body, token, limit });
    } catch (cause) {
      signal?.throwIfAborted();
      const error = limit.isOver ? VectorizerError.timeout(ms) : VectorizerError.connection(cause);
      return new Refused(error, { elsewhere: this.#gateways.doubt(gateway) });
    } finally {
      limit.end();
    }
    if (answer.status < 400 || call.accept?.includes(answer.status) === true) {
      this.#keepTokens(call, answer);
      return answer;
    }
    const error = VectorizerError.answer(answer.status, answer.body);
    return new Refused(error, {
      retryAfterMs: answer.retryAfterMs,
      staleToken: error.type === 'invalid_token' && token !== undefined,
      elsewhere: answer.status >= 500 && this.#gateways.doubt(gateway),
    });
  }

  #keepTokens(call: Call, { token = '' }: Answer): void {
    for (const [i, text] of token.split(', ').entries()) {
      const collection = collectionsOf(call)[i];
      if (collection !== undefined && text !== '') this.tokens.see(collection, text);
    }
  }

  /** Whether there was anything to forget. */
  #forgetAll(call: Call): boolean {
    return collectionsOf(call).filter((name) => this.tokens.forget(name)).length > 0;
  }

  /** Asks a second gateway, too, when the first keeps silent and a request may be sent twice; whichever answers first has. */
  async #askPatiently(gateway: Gateway, request: Sent): Promise<Answer> {
    const { other } = this.#gateways;
    if (other === undefined || request.call.retry !== 'always') return this.#send(gateway, request);
    const first = this.#send(gateway, request);
    if (await settlesWithin(PATIENCE_MS, first)) return first;
    this.#gateways.doubt(gateway);
    try {
      return await Promise.any([first, this.#send(other, request)]);
    } catch (error) {
      throw error instanceof AggregateError ? error.errors[0] : error;
    } finally {
      // The other one is waited for no longer.
      request.limit.abort();
    }
  }

  async #send({ url, exchange }: Gateway, { call, body, token, limit }: Sent): Promise<Answer> {
    const headers = this.#credentials();
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (token !== undefined) headers[TOKEN_HEADER] = token;
    if (call.uncached === true) headers['cache-control'] = 'no-cache';
    if (call.idempotencyKey !== undefined) headers['idempotency-key'] = call.idempotencyKey;
    if (call.options?.correlationId !== undefined) headers['x-correlation-id'] = call.options.correlationId;
    const { method, path, query } = call;
    const reply = await exchange.send({
      method,
      url: `${url}${withQuery(path, query)}`,
      headers,
      body,
      signal: limit.signal,
    });
    return {
      status: reply.status,
      body: await reply.text(),
      retryAfterMs: retryAfterMs(reply.header('retry-after')),
      token: reply.header(TOKEN_HEADER),
      cache: cacheUseIn(reply),
    };
  }

  #credentials(): Record<string, string> {
    const { apiKey } = this.#options;
    return apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  }
}

async function* heardBy(silence: Silence, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of bytes) {
    yield piece;
    silence.heard();
  }
}

/** A key for a write that has none: its retries must be recognised as such. */
export function newIdempotencyKey(): string {
  return crypto.randomUUID();
}

export function withQuery(path: string, query: Query = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  const text = given.toString();
  return text === '' ? path : `${path}?${text}`;
}

function collectionsOf({ collection = [] }: Call): readonly string[] {
  return typeof collection === 'string' ? [collection] : collection;
}

function cacheUseIn({ header }: Reply): CacheUse | undefined {
  const [status, ageMs] = [header('x-cache'), header('x-cache-age-ms')];
  if (status !== 'hit' && status !== 'miss' && status !== 'bypass') return undefined;
  return ageMs === undefined ? { status } : { status, ageMs: Number(ageMs) };
}

type Work = { readonly call: Call; readonly body: string | undefined; readonly until: number };
type Sent = Omit<Work, 'until'> & { readonly token: string | undefined; readonly limit: Limit };

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

function mayRetry(call: Call, error: VectorizerError): boolean {
  if (!error.retryable) return false;
  return call.retry === 'always' || error.status === 429 || error.details['code'] === 'ECONNREFUSED';
}
