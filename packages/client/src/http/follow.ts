import { eventsIn } from './server-sent-events.ts';
import type { Query, Transport } from './transport.ts';
import { VectorizerError } from './vectorizer-error.ts';

/** While no gateway can be reached for so long, following fails. */
const AWAY_MS_MAX = 60_000;
/** Gateways send a comment every 15 s, so a connection that gives nothing for longer is none. */
const SILENT_MS_MAX = 45_000;

export type Followed = {
  readonly path: string;
  readonly query?: Query;
  /** What is asked for, where it is too long for a query: sent by POST. */
  readonly body?: unknown;
  /** The id of the last event that is known. */
  readonly after?: string | undefined;
  /** Ends the iteration, as closing the client does. */
  readonly signal: AbortSignal | undefined;
  readonly awayMsMax?: number;
};
export type FollowedEvent = { readonly id: string | undefined; readonly event: string; readonly data: string };

/**
 * The events of a stream without an end, one after another. When the connection or the gateway is lost, or falls silent, it
 * goes on after the last event that came, so that none is missed and none comes twice where the server gives ids.
 */
export async function* follow(
  transport: Transport,
  { path, query, body, after, signal: given, awayMsMax = AWAY_MS_MAX }: Followed,
): AsyncGenerator<FollowedEvent> {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  const ends = [given, transport.closing].filter((signal) => signal !== undefined);
  for (const signal of ends) {
    if (signal.aborted) end();
    signal.addEventListener('abort', end);
  }
  const { signal } = stop;
  const isEnded = (): boolean => signal.aborted;
  let lastEventId = after;
  let attempt = 0;
  let heardMs = performance.now();
  async function* heard(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of bytes) {
      heardMs = performance.now();
      attempt = 0;
      yield piece;
    }
  }
  try {
    while (!isEnded()) {
      try {
        const asked = { path, body, ...(query && { query }) };
        const bytes = transport.stream({ ...asked, lastEventId, silentMs: SILENT_MS_MAX, signal });
        // Two events may stand at one place; only where it goes on, the one that is known may come again.
        let goesOn = lastEventId !== undefined;
        for await (const { id, event, data } of eventsIn(heard(bytes))) {
          if (event === 'error' && data !== undefined) throw failureIn(data);
          const isKnown = goesOn && id === lastEventId;
          goesOn = false;
          if (isKnown) continue;
          lastEventId = id ?? lastEventId;
          if (data !== undefined) yield { id, event, data };
          if (isEnded()) return;
        }
      } catch (error) {
        if (isEnded()) return;
        const isOver = performance.now() - heardMs > awayMsMax;
        if (!(error instanceof VectorizerError) || !error.retryable || isOver) throw error;
      }
      attempt += 1;
      await transport.pause(attempt, signal).catch(() => undefined);
    }
  } finally {
    for (const each of ends) each.removeEventListener('abort', end);
  }
}

function failureIn(data: string): VectorizerError {
  const { status_code: status } = JSON.parse(data) as { readonly status_code: number };
  return VectorizerError.answer(status, data);
}
