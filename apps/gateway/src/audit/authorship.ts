import { randomUUID } from 'node:crypto';
import type { AuditEntry } from '@vectorizer/contracts';
import type { FastifyRequest } from 'fastify';

const authored = new WeakMap<FastifyRequest, AuditEntry & { readonly change: string }>();

/**
 * Before a change is begun: what its entry in the write log says of who made it, so that the audit log can be made whole from
 * there should this process end between the two.
 */
export function noteAuthorship(request: FastifyRequest, entry: AuditEntry): void {
  authored.set(request, { ...entry, change: randomUUID() });
}

/** As text, for the write log; undefined where nobody is to be named. */
export function authorshipOf(request: FastifyRequest): string | undefined {
  const entry = authored.get(request);
  return entry === undefined ? undefined : JSON.stringify(entry);
}

/** The name of the change; undefined for what is none. */
export function changeOf(request: FastifyRequest): string | undefined {
  return authored.get(request)?.change;
}
