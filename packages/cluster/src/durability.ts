import { z } from 'zod';
import { Failure } from '@vectorizer/errors';

const TIMEOUT_MS = 5_000;

/** What a server's monitoring port says of its JetStream: `sync_always` only when every write is synced before its answer. */
const Varz = z.object({
  jetstream: z.object({ config: z.object({ sync_always: z.boolean().optional() }).optional() }).optional(),
});

/**
 * Refuses a log server that acknowledges before it syncs: with the server's default (every two minutes) a power cut
 * loses acknowledged writes.
 */
export async function checkDurability(monitorUrl: string): Promise<void> {
  let answer: unknown;
  try {
    const response = await fetch(new URL('/varz', monitorUrl), { signal: AbortSignal.timeout(TIMEOUT_MS) });
    answer = await response.json();
  } catch (cause) {
    throw new Failure('log_unavailable', `the log server's monitoring does not answer at ${monitorUrl}`, { cause });
  }
  const varz = Varz.safeParse(answer);
  if (varz.success && varz.data.jetstream?.config?.sync_always === true) return;
  throw new Failure(
    'log_unavailable',
    'the log server acknowledges writes before they are on disk; set "sync_interval: always" in its jetstream block, ' +
      'or start with VECTORIZER_UNSAFE_LAZY_FSYNC=true to accept the loss of acknowledged writes on power failure',
  );
}
