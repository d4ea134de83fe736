import type { Shard } from '@vectorizer/engine';
import type { LogMessage } from '@vectorizer/log';
import type { Logger } from '@vectorizer/telemetry';
import { correlationIdsOf, inTraceOf, type Applied } from './apply-trace.ts';
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

/** Of a longer list a line would show no more. */
const LISTED_MAX = 64;

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
  const applied = { sequence: message.sequence, operations, ms: seconds * 1_000 };
  const ids = correlationIdsOf(message.origin);
  const { more } = message.origin;
  const isOne = ids.length < 2 && more === 0;
  for (let at = 0; at === 0 || at < ids.length; at += LISTED_MAX) {
    const listed = { correlation_ids: ids.slice(at, at + LISTED_MAX), ...(more > 0 && { more_writes: more }) };
    logger.debug(isOne ? applied : { ...applied, ...listed }, 'applied');
  }
}
