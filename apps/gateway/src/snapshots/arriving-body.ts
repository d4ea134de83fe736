import type { Readable } from 'node:stream';
import { Failure } from '@vectorizer/errors';

/** A client that sends nothing for so long is not waited for. */
export const SILENT_MS_MAX = 60_000;
/** A client that is still sending never reads why it was refused, if its connection closes: what it sends is forgotten for a while. */
const FORGET_MS_MAX = 10_000;

type Piece = IteratorResult<Uint8Array>;
type Bounds = { readonly closing: AbortSignal; readonly silentMsMax: number };

/**
 * A body piece by piece, at the pace of whoever takes it. It stays open when it is not read to its end, so that it can be
 * answered. A client that keeps silent is told so as one whose request does not arrive in time: none of ours was slow.
 */
export async function* arrivingBody(body: Readable, { closing, silentMsMax }: Bounds): AsyncGenerator<Uint8Array> {
  const pieces = body.iterator({ destroyOnReturn: false });
  let giveUp: ((failure: Failure) => void) | undefined;
  const stop = (): void => giveUp?.(new Failure('service_unavailable', 'the gateway was stopped'));
  closing.addEventListener('abort', stop);
  try {
    while (!closing.aborted) {
      // One promise for each piece: a race with one that lasts would remember every piece.
      const { done, value } = await new Promise<Piece>((resolve, reject) => {
        giveUp = reject;
        const late = setTimeout(() => {
          reject(new Failure('request_timeout', `nothing more of the body came in ${silentMsMax / 1_000} s`));
        }, silentMsMax);
        const next = pieces.next() as Promise<Piece>;
        next.finally(() => clearTimeout(late)).then(resolve, reject);
      });
      if (done === true) return;
      yield value;
    }
    throw new Failure('service_unavailable', 'the gateway was stopped');
  } finally {
    closing.removeEventListener('abort', stop);
    // Not waited for: it would wait for a client that keeps silent.
    pieces.return?.().catch(() => undefined);
  }
}

/** Reads what still comes of a body that nobody wants, then closes its connection. */
export function forgetRest(body: Readable): void {
  if (body.readableEnded || body.destroyed) return;
  const timer = setTimeout(() => body.destroy(), FORGET_MS_MAX).unref();
  body.once('close', () => clearTimeout(timer)).on('data', () => undefined);
}
