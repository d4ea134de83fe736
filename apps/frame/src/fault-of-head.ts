import type { IncomingMessage, Server } from 'node:http';
import { Failure } from '@vectorizer/errors';

/**
 * What Node would refuse by itself, with no body and no word to anybody. It is left to a hook to refuse it
 * (`faultOfHead`), so that it is answered, told and counted like anything else.
 */
export const nodeAnswersNothing = { requireHostHeader: false } as const;

export function takeExpectations(server: Server): void {
  server.on('checkExpectation', (request, response) => void server.emit('request', request, response));
}

const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i;

/** Both are of HTTP/1.1; older clients may do without a host, and expect nothing. */
export function faultOfHead({ httpVersion, headers }: IncomingMessage): Failure | undefined {
  if (httpVersion !== '1.1') return undefined;
  if (headers.host === undefined) return new Failure('validation_error', 'Host: missing');
  if (headers.expect === undefined || CONTINUE.test(headers.expect)) return undefined;
  return new Failure('expectation_failed', 'Expect: only 100-continue is met');
}
