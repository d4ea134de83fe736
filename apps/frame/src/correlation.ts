import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { CorrelationId } from '@vectorizer/contracts';

/** The client's correlation id when it is one that can be carried everywhere, else a new one. */
export function correlationIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['x-correlation-id'];
  return CorrelationId.safeParse(given).data ?? randomUUID();
}
