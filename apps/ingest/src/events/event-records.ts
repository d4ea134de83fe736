import type { TakenEvent } from '@vectorizer/cluster';
import { scopedSubject, targetOf, type AuditEntry } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { AuditTrail } from '@vectorizer/frame';
import type { Author, EventAuthors } from './event-author.ts';

type Written = {
  readonly event: TakenEvent;
  readonly author: Author;
  readonly count: number;
  readonly correlationId: string;
};
type Refused = {
  readonly event: TakenEvent;
  readonly actor: string;
  readonly failure: Failure;
  readonly correlationId: string;
};

/** What events come to, in the audit log: one entry for each, before it is acknowledged. Without keys nobody has a name. */
export class EventRecords {
  readonly #trail: AuditTrail;
  readonly #authors: EventAuthors;
  #added = false;

  constructor(trail: AuditTrail, authors: EventAuthors) {
    this.#trail = trail;
    this.#authors = authors;
  }

  add({ event, author, count, correlationId }: Written): void {
    const { actor, actorName } = author;
    this.#add(event, { actor, actor_name: actorName, result: 'ok', status: 200, count, correlation_id: correlationId });
  }

  addRefused({ event, actor, failure, correlationId }: Refused): void {
    const { http: status } = failure;
    const result = status === 401 || status === 403 ? 'refused' : 'failed';
    this.#add(event, { actor, actor_name: '', result, status, count: 1, correlation_id: correlationId });
  }

  /** Throws `log_unavailable` when it is not for now: the events come again. */
  async durable(): Promise<void> {
    if (!this.#added) return;
    if (!(await this.#trail.durable())) throw new Failure('log_unavailable', 'the audit log cannot be written to');
    this.#added = false;
  }

  #add({ subject }: TakenEvent, what: Omit<AuditEntry, 'at' | 'action' | 'target' | 'address'>): void {
    if (this.#authors.isOpen) return;
    const target = targetOf(subject);
    const at = new Date().toISOString();
    this.#trail.add({ at, ...what, action: `events.${target.kind}`, target: scopedSubject(target), address: '' });
    this.#added = true;
  }
}
