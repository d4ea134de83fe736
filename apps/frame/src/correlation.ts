import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** What may stand in a log line and a message header without quoting. */
const ACCEPTED = /^[A-Za-z0-9._-]{1,128}$/;

/** The client's correlation id when it is one that can be carried everywhere, else a new one. */
export function correlationIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['x-correlation-id'];
  return typeof given === 'string' && ACCEPTED.test(given) ? given : randomUUID();
}
