import { z } from 'zod';
import { Failure } from '@vectorizer/errors';

const TIMEOUT_MS = 5_000;

/** What a server's monitoring port says of its JetStream: `sync_always` only when every write is synced before its answer. */
const Varz = z.object({
  jetstream: z.object({ config: z.object({ sync_always: z.boolean().optional() }).optional() }).optional(),
});

/**
 * Refuses log servers of which one acknowledges before it syncs: with the server's default (every two minutes) a power cut
 * loses acknowledged writes. One that is away is left out, as long as another answers.
 */
export async function checkDurability(monitorUrls: readonly string[]): Promise<void> {
  const answers = await Promise.allSettled(monitorUrls.map(ask));
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  if (found.length === 0) {
    const [first] = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []));
    const message = `the log servers' monitoring does not answer at ${monitorUrls.join(', ')}`;
    throw new Failure('log_unavailable', message, { cause: first });
  }
  if (found.every(isDurable)) return;
  throw new Failure(
    'log_unavailable',
    'the log server acknowledges writes before they are on disk; set "sync_interval: always" in its jetstream block, ' +
      'or start with VECTORIZER_UNSAFE_LAZY_FSYNC=true to accept the loss of acknowledged writes on power failure',
  );
}

async function ask(monitorUrl: string): Promise<unknown> {
  const response = await fetch(new URL('/varz', monitorUrl), { signal: AbortSignal.timeout(TIMEOUT_MS) });
  return response.json();
}

function isDurable(answer: unknown): boolean {
  const varz = Varz.safeParse(answer);
  return varz.success && varz.data.jetstream?.config?.sync_always === true;
}
