import type { LogMessage } from '@vectorizer/log';
import { continueTrace, inRequest, isTracing, linksTo } from '@vectorizer/telemetry';

/** An older entry is read again, after a restart or by a new replica: its writes' traces are over. */
const TRACED_MS_MAX = 60_000;

export type Applied = { readonly node: string; readonly collection: string; readonly shard: number };

/**
 * Applies an entry in the name of its writes: under their correlation id when it is one, and as a span that belongs to the
 * first write's trace and is linked to every one.
 */
export async function inTraceOf<T>(message: LogMessage, applied: Applied, work: () => Promise<T>): Promise<T> {
  const [correlationId, ...others] = message.origin.correlationIds;
  const named = correlationId !== undefined && others.length === 0;
  const traced = async (): Promise<T> => (isTracing() ? inSpanOf(message, applied, work) : work());
  return named ? inRequest(correlationId, traced) : traced();
}

async function inSpanOf<T>(message: LogMessage, applied: Applied, work: () => Promise<T>): Promise<T> {
  const { traceparents } = message.origin;
  const waitedMs = Date.now() - message.at;
  if (traceparents.length === 0 || waitedMs > TRACED_MS_MAX) return work();
  const about = {
    scope: 'vectorizer/index',
    name: 'log.apply',
    kind: 'consumer',
    links: linksTo(traceparents),
    attributes: {
      'vectorizer.node': applied.node,
      'vectorizer.collection': applied.collection,
      'vectorizer.shard': applied.shard,
      'vectorizer.sequence': message.sequence,
      'vectorizer.since_logged_ms': waitedMs,
    },
  } as const;
  return continueTrace(about, { traceparent: traceparents[0] }, work);
}
