import type { LogMessage, Origin } from '@vectorizer/log';
import { continueTraces, inRequest, isTracing } from '@vectorizer/telemetry';

/** An older entry is read again, after a restart or by a new replica: its writes' traces are over. */
const TRACED_MS_MAX = 60_000;

export type Applied = { readonly node: string; readonly collection: string; readonly shard: number };

/**
 * Applies an entry in the name of its writes: under their correlation id when it is one, and as a span in the trace of each
 * that is sampled.
 */
export async function inTraceOf<T>(message: LogMessage, applied: Applied, work: () => Promise<T>): Promise<T> {
  const [correlationId, ...others] = correlationIdsOf(message.origin);
  const named = correlationId !== undefined && others.length === 0 && message.origin.more === 0;
  const traced = async (): Promise<T> => (isTracing() ? inSpansOf(message, applied, work) : work());
  return named ? inRequest(correlationId, traced) : traced();
}

export function correlationIdsOf({ writers }: Origin): string[] {
  return [...new Set(writers.flatMap(({ correlationId }) => correlationId ?? []))];
}

async function inSpansOf<T>(message: LogMessage, applied: Applied, work: () => Promise<T>): Promise<T> {
  const waitedMs = Date.now() - message.at;
  if (waitedMs > TRACED_MS_MAX) return work();
  const about = {
    scope: 'vectorizer/index',
    name: 'log.apply',
    kind: 'consumer',
    attributes: {
      'vectorizer.node': applied.node,
      'vectorizer.collection': applied.collection,
      'vectorizer.shard': applied.shard,
      'vectorizer.sequence': message.sequence,
      'vectorizer.since_logged_ms': waitedMs,
    },
  } as const;
  return continueTraces(about, message.origin.writers, work);
}
