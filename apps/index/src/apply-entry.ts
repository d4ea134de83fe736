import type { Shard } from '@vectorizer/engine';
import type { LogMessage } from '@vectorizer/log';
import type { Logger } from '@vectorizer/telemetry';
import { inTraceOf, type Applied } from './apply-trace.ts';
import { entryApplied } from './index-metrics.ts';

export type ApplyOptions = {
  readonly about: Applied;
  readonly logger: Logger;
  /** Called when the shard has the entry; answers whether searches of a replica that follows its log now see it. */
  readonly onApplied: () => boolean;
};

/** Applies an entry in the name of its writes, and says what it came to: in metrics, and in a line at level debug. */
export async function applyEntry(shard: Shard, message: LogMessage, options: ApplyOptions): Promise<void> {
  await inTraceOf(message, options.about, async () => applyNow(shard, message, options));
}

async function applyNow(shard: Shard, message: LogMessage, { logger, onApplied }: ApplyOptions): Promise<void> {
  const start = performance.now();
  const before = shard.operations;
  await shard.apply(message);
  const isSearchable = onApplied();
  const seconds = (performance.now() - start) / 1_000;
  const operations = shard.operations - before;
  const searchableMs = isSearchable ? Date.now() - message.at : undefined;
  entryApplied({ operations, bytes: message.bytes.byteLength, seconds, searchableMs });
  if (!logger.isLevelEnabled('debug')) return;
  const { correlationIds } = message.origin;
  const many = correlationIds.length > 1 && { correlation_ids: correlationIds };
  logger.debug({ sequence: message.sequence, operations, ms: seconds * 1_000, ...many }, 'applied');
}
