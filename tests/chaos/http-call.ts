import { acknowledged, answered, failed, type Body, type Received } from './answers.ts';
import type { Acknowledged, Answered, Failed, ReadRequest, WriteRequest } from './history.ts';
import { readOf, writeOf, type Sent } from './requests.ts';

/** How long the system may take, and how much longer its answer may take to arrive. */
const TIMEOUT_MS = 3_000;
const WAY_BACK_MS = 1_000;
const TOKEN_HEADER = 'x-vectorizer-token';
/** The error of a call that found no gateway: nobody has heard of it. */
export const NOT_SENT = 'not_sent';

/** Where requests of a run go: one gateway's view of one collection. */
export type Door = { readonly url: string; readonly collection: string };
export type Answer<Good> = { readonly outcome: Good | Failed; readonly token: string | undefined };

/** Sends one write once. */
export async function sendWrite(
  door: Door,
  request: WriteRequest,
  token: string | undefined,
): Promise<Answer<Acknowledged>> {
  const { path, ...sent } = writeOf(request);
  const timed = `${path}${path.includes('?') ? '&' : '?'}wait=${request.wait}&timeout_ms=${TIMEOUT_MS}`;
  const headers = { 'idempotency-key': request.key, ...tokenHeader(token) };
  return attempt(door, { ...sent, path: timed }, { headers, good: acknowledged });
}

/** Sends one read once. */
export async function sendRead(door: Door, request: ReadRequest, token: string | undefined): Promise<Answer<Answered>> {
  return attempt(door, readOf(request, TIMEOUT_MS), { headers: tokenHeader(token), good: answered });
}

type How<Good> = {
  readonly headers: Readonly<Record<string, string>>;
  readonly good: (received: Received) => Good | undefined;
};

async function attempt<Good>(door: Door, sent: Sent, { headers, good }: How<Good>): Promise<Answer<Good>> {
  const received = await send(door, sent, headers);
  if ('error' in received) return { outcome: received, token: undefined };
  const outcome = good(received);
  return outcome === undefined ? { outcome: failed(received), token: undefined } : { outcome, token: received.token };
}

async function send(
  door: Door,
  { method, path, body, headers }: Sent,
  also: How<unknown>['headers'],
): Promise<Received | Failed> {
  const url = `${door.url}/api/v1/collections/${door.collection}${path}`;
  const json = body === undefined ? {} : { body: JSON.stringify(body) };
  const typed = { ...headers, ...also, ...(body && { 'content-type': 'application/json' }) };
  const signal = AbortSignal.timeout(TIMEOUT_MS + WAY_BACK_MS);
  try {
    const response = await fetch(url, { method, headers: typed, ...json, signal });
    const token = response.headers.get(TOKEN_HEADER) ?? undefined;
    const cache = response.headers.get('x-cache') ?? undefined;
    return { status: response.status, body: (await response.json()) as Body, token, cache };
  } catch (cause) {
    const error = messageOf(cause);
    return error.includes('ECONNREFUSED') ? { outcome: 'refused', error: NOT_SENT } : { outcome: 'unknown', error };
  }
}

function tokenHeader(token: string | undefined): Readonly<Record<string, string>> {
  return token === undefined ? {} : { [TOKEN_HEADER]: token };
}

function messageOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? `${cause.message}: ${cause.cause.message}` : cause.message;
}
