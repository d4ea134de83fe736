import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** What a cluster can be told; `hold` is for a kill. */
export type Order = {
  readonly verb: 'kill' | 'pause' | 'resume' | 'start' | 'cut' | 'mend';
  readonly name: string;
  readonly hold?: boolean;
};

const ANSWER_MS_MAX = 30_000;

/**
 * Tells a running cluster what `./vectorizer cluster VERB NAME` tells it, through the same socket. On a busy machine the
 * command takes seconds to start, and a fault that comes seconds late is another fault.
 */
export async function sendOrder(data: string, order: Order): Promise<void> {
  const socket = connect({ path: join(data, 'run/control.sock'), allowHalfOpen: true });
  try {
    await once(socket, 'connect');
    socket.setTimeout(ANSWER_MS_MAX, () => socket.destroy(new Error(`no answer within ${ANSWER_MS_MAX} ms`)));
    socket.end(JSON.stringify(order));
    const answer = JSON.parse(await text(socket)) as { readonly failure?: { readonly message: string } };
    if (answer.failure !== undefined) throw new Error(answer.failure.message);
  } finally {
    socket.destroy();
  }
}
