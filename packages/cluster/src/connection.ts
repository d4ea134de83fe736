import { connect, type NatsConnection } from '@nats-io/transport-node';
import { Failure } from '@vectorizer/errors';

/** A server that does not take a connection in this time is passed over for the next; without one, that is reported. */
const CONNECT_TIMEOUT_MS = 2_500;
/** Short, so that a restarted server is found at once; one attempt is cheap. */
const RECONNECT_INTERVAL_MS = 250;
/**
 * A server that stands still keeps its connections; one that leaves three of these unanswered is left for another, after one and
 * a half to two seconds. What was sent to it meanwhile is lost, so that this is what its calls are delayed by.
 */
const PING_INTERVAL_MS = 500;
const PINGS_UNANSWERED_MAX = 3;
/** A request to a bucket or stream that a lost leader did not answer is sent again after this, and reaches the next leader. */
export const API = { timeout: 2_000 } as const;

/** PEM. They are read for each connection, so that new ones are used from the next on. */
export type TlsFiles = { readonly caFile: string; readonly certFile: string; readonly keyFile: string };
export type NatsOptions = {
  /** Comma-separated. */
  readonly servers: string;
  /** Of the service; answers to its requests arrive below `_INBOX.` and this. */
  readonly name: string;
  /** With these the server must have a certificate of the authority, and is shown ours before a word is said. */
  readonly tls?: TlsFiles;
};
export type { NatsConnection };

/** Connects once within a bound, then reconnects for as long as the process lives. */
export async function connectNats(options: NatsOptions): Promise<NatsConnection> {
  try {
    return await connect({
      servers: options.servers.split(','),
      name: options.name,
      // So that a server can be told who may hear which answers.
      inboxPrefix: `_INBOX.${options.name}`,
      ...(options.tls === undefined ? {} : { tls: { ...options.tls, handshakeFirst: true } }),
      timeout: CONNECT_TIMEOUT_MS,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_INTERVAL_MS,
      reconnectJitter: RECONNECT_INTERVAL_MS,
      pingInterval: PING_INTERVAL_MS,
      maxPingOut: PINGS_UNANSWERED_MAX,
      // Stack traces of every publish cost a third of the publishing rate.
      noAsyncTraces: true,
    });
  } catch (cause) {
    throw new Failure('log_unavailable', `no log server at ${options.servers}`, { cause });
  }
}
