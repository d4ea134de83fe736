import { Failure } from '@vectorizer/errors';

/** A replica that only has to apply what is in the log is there sooner than this, if it is well. */
const PATIENCE_MS = 50;

export type AheadOptions = {
  readonly shard: number;
  readonly needed: number;
  /** Where the log ends now. */
  readonly endOf: () => Promise<number>;
};

/**
 * The answer, unless what it waits for is not in the log at all: then no replica will ever have it, and the caller is
 * told so rather than kept waiting. The log is asked only when the answer is long in coming.
 */
export async function unlessAhead<Answer>(answering: Promise<Answer>, options: AheadOptions): Promise<Answer> {
  const { promise: ahead, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    check(options).catch(reject);
  }, PATIENCE_MS);
  try {
    return await Promise.race([answering, ahead]);
  } finally {
    clearTimeout(timer);
  }
}

async function check({ shard, needed, endOf }: AheadOptions): Promise<void> {
  // A log that cannot be asked says nothing: the answer is waited for as before.
  const end = await endOf().catch(() => Infinity);
  if (needed <= end) return;
  throw new Failure('token_ahead', `entry ${needed} of shard ${shard} is demanded, and its log ends at ${end}`, {
    details: { shard, demanded: needed, log_ends_at: end },
  });
}
