import { endReaching, refuseAhead, type LogEnd } from '@vectorizer/log';

/** A replica that only has to apply what is in the log is there sooner than this, if it is well. */
const PATIENCE_MS = 50;

export type AheadOptions = {
  readonly shard: number;
  readonly needed: number;
  /** Where the log ends, as its leader says now. */
  readonly endOf: () => Promise<LogEnd>;
};

/**
 * The answer, unless what it waits for is not in the log at all: then no replica will ever have it, and the caller is
 * told so rather than kept waiting. The log is asked only when the answer is long in coming, and again while its leader may
 * not know better yet.
 */
export async function unlessAhead<Answer>(answering: Promise<Answer>, options: AheadOptions): Promise<Answer> {
  const { promise: ahead, reject } = Promise.withResolvers<never>();
  const settled = new AbortController();
  const timer = setTimeout(() => {
    check(options, settled.signal).catch(reject);
  }, PATIENCE_MS);
  try {
    return await Promise.race([answering, ahead]);
  } finally {
    clearTimeout(timer);
    settled.abort();
  }
}

async function check({ shard, needed, endOf }: AheadOptions, settled: AbortSignal): Promise<void> {
  // A log that cannot be asked says nothing: the answer is waited for as before.
  const end = await endReaching(needed, endOf, settled).catch(() => undefined);
  if (end !== undefined && !settled.aborted) refuseAhead({ shard, demanded: needed }, end);
}
