import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditLog, EventQueue, Lease, Leases } from '@vectorizer/cluster';
import { AuditTrail, type Access } from '@vectorizer/frame';
import { gauge } from '@vectorizer/telemetry';
import { ApplyEvents, type ApplyParts } from './apply-events.ts';
import { EventAuthors } from './event-author.ts';
import { EventRecords } from './event-records.ts';

export type ConsumerParts = Omit<ApplyParts, 'authors' | 'records'> & {
  readonly eventQueue: EventQueue;
  readonly leases: Leases;
  readonly access: Access;
  readonly audit: AuditLog;
  /** See `EventAuthors`. */
  readonly knowsProducers: boolean;
};

const LEASE = 'events';
/** Between looks at whether it is this process's turn, and before events are taken anew. */
const PAUSE_MS = 250;

const waiting = gauge({
  name: 'vectorizer_events_lag',
  help: 'Events that wait behind those that this process writes; 0 where another process takes them',
});

/**
 * Takes the events of producers into the log, one process at a time: several would write the changes of one point in
 * whatever order they came to it. Whoever holds the lease takes events from the first one that was not acknowledged; those
 * that its predecessor had written and not acknowledged come again, and replicas know them by their request.
 */
export class EventConsumer {
  readonly #parts: ConsumerParts;
  readonly #apply: ApplyEvents;
  readonly #trail: AuditTrail;
  readonly #lease: Lease;
  readonly #closing = new AbortController();
  readonly #loop: Promise<void>;

  constructor(parts: ConsumerParts) {
    this.#parts = parts;
    const authors = new EventAuthors(parts);
    this.#trail = new AuditTrail(parts.audit, parts.logger);
    this.#apply = new ApplyEvents({ ...parts, authors, records: new EventRecords(this.#trail, authors) });
    this.#lease = parts.leases.hold(LEASE, randomUUID());
    this.#loop = this.#run();
  }

  /** What was taken is finished first. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#loop;
    await this.#lease.close();
    await this.#trail.close();
  }

  get #active(): boolean {
    return this.#lease.held && !this.#closing.signal.aborted;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        if (this.#active) await this.#takeAll();
      } catch (error) {
        if (!signal.aborted) this.#parts.logger.warn({ err: error }, 'events are taken anew');
      }
      waiting.set(0);
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #takeAll(): Promise<void> {
    const taker = await this.#parts.eventQueue.take();
    while (this.#active) {
      const batch = await taker.next();
      waiting.set(batch.waiting);
      // Another may have taken its turn meanwhile.
      if (!this.#lease.held) return;
      await this.#apply.apply(batch.events);
    }
  }
}
