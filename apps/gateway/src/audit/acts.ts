import type { AuditEntry } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { AuditTrail } from '@vectorizer/frame';
import type { FastifyRequest } from 'fastify';
import { noteAuthorship } from './authorship.ts';

/**
 * Administrative acts that may be done, since it is durable that they are begun. A change is told of by the write log, too; of an
 * act nothing else would tell, if this process ended after it and before its entry.
 */
export class Acts {
  readonly #trail: AuditTrail;
  readonly #begun = new WeakSet<FastifyRequest>();

  constructor(trail: AuditTrail) {
    this.#trail = trail;
  }

  /** Throws `log_unavailable` when that cannot be written down for now: then it is not to be done. */
  async begin(request: FastifyRequest, entry: AuditEntry): Promise<void> {
    this.#trail.add(noteAuthorship(request, entry));
    if (!(await this.#trail.durable())) {
      throw new Failure('log_unavailable', 'what is done cannot be written to the audit log', {
        details: { logged: false },
      });
    }
    this.#begun.add(request);
  }

  /** Whether its answer is to wait for the entry that tells of it. */
  wasBegun(request: FastifyRequest): boolean {
    return this.#begun.has(request);
  }
}
