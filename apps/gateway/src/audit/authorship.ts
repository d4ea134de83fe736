import { randomUUID } from 'node:crypto';
import type { AuditEntry } from '@vectorizer/contracts';
import type { FastifyRequest } from 'fastify';

type Named = AuditEntry & { readonly change: string };

const authored = new WeakMap<FastifyRequest, Named>();

/**
 * Before a change is begun: what its entry in the write log says of who made it, so that the audit log can be made whole from
 * there should this process end between the two. Before an act: by what its two entries in the audit log are known to be its.
 */
export function noteAuthorship(request: FastifyRequest, entry: AuditEntry): Named {
  const named = { ...entry, change: randomUUID() };
  authored.set(request, named);
  return named;
}

/** As text, for the write log; undefined where nobody is to be named. */
export function authorshipOf(request: FastifyRequest): string | undefined {
  const entry = authored.get(request);
  return entry === undefined ? undefined : JSON.stringify(entry);
}

/** The name of the change or act; undefined for what is none. */
export function changeOf(request: FastifyRequest): string | undefined {
  return authored.get(request)?.change;
}
