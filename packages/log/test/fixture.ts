import { connect } from '@nats-io/transport-node';
import { CollectionUid, type Request } from '@vectorizer/contracts';
import { Log, type LogMessage } from '../src/index.ts';

export const uid = CollectionUid.parse('0123456789abcdef');
export const request = (id: string, points = 1): Request => ({
  id,
  ops: Array.from({ length: points }, (_, i) => ({ kind: 'upsert', id: `${id}-${i}`, vector: Float32Array.of(1, 2) })),
});
export const soon = (): number => Date.now() + 10_000;

export async function openLog(url: string): Promise<{ log: Log; connection: Awaited<ReturnType<typeof connect>> }> {
  const connection = await connect({ servers: url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  const log = await Log.open({ connection, replicas: 1 });
  return { log, connection };
}

/** Reads until `last` is reached. */
export async function readTo(log: Log, after: number, last: number): Promise<LogMessage[]> {
  const stop = new AbortController();
  const entries: LogMessage[] = [];
  for await (const entry of log.read(uid, 0, { after, signal: stop.signal })) {
    entries.push(entry);
    if (entry.sequence >= last) break;
  }
  return entries;
}

export type Follower = {
  /** The sequences that have come. */
  readonly seen: readonly number[];
  readonly interruptions: readonly unknown[];
  readonly end: () => Promise<void>;
};

/** Reads from the first entry on, until it is ended. */
export function follow(log: Log): Follower {
  const seen: number[] = [];
  const interruptions: unknown[] = [];
  const stop = new AbortController();
  const onInterruption = (cause: unknown): void => void interruptions.push(cause);
  const reading = (async (): Promise<void> => {
    for await (const { sequence } of log.read(uid, 0, { after: 0, signal: stop.signal, onInterruption })) {
      seen.push(sequence);
    }
  })();
  return {
    seen,
    interruptions,
    end: async () => {
      stop.abort();
      await reading;
    },
  };
}
