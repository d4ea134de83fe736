import { setTimeout as sleep } from 'node:timers/promises';
import type { DeadLetters, EventQueue, NumberedLetter } from '@vectorizer/cluster';
import { encodeToken, type CollectionRecord, type Sequences } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Log } from '@vectorizer/log';

export type EventParts = {
  readonly eventQueue: EventQueue;
  readonly deadLetters: DeadLetters;
  readonly log: Log;
};

/** Between looks at an event that waits for its turn. */
const ASK_AGAIN_MS = 25;

/** What became of the events of producers. */
export class ProducerEvents {
  readonly #parts: EventParts;

  constructor(parts: EventParts) {
    this.#parts = parts;
  }

  async list(after: number, limit: number): Promise<NumberedLetter[]> {
    return this.#parts.deadLetters.list(after, limit);
  }

  async letter(sequence: number): Promise<NumberedLetter> {
    return this.#parts.deadLetters.get(sequence);
  }

  async drop(sequence: number): Promise<void> {
    const { deadLetters } = this.#parts;
    await deadLetters.get(sequence);
    await deadLetters.remove(sequence);
  }

  /**
   * Publishes the event of a dead letter again and answers its new sequence. Under a name of the retry's own: under the
   * event's, replicas would answer what they answered before. A retry that is tried again is written once.
   */
  async retry(sequence: number): Promise<number> {
    const { deadLetters, eventQueue } = this.#parts;
    const { event } = await deadLetters.get(sequence);
    const kept = Object.entries(event.headers).filter(([name]) => !/^(nats-|idempotency-key$)/i.test(name));
    const headers = { ...Object.fromEntries(kept), 'Nats-Msg-Id': `retry-${event.id}` };
    const published = await eventQueue.publish({ subject: event.subject, body: event.body, headers });
    await deadLetters.remove(sequence);
    return published;
  }

  /**
   * The token of an event, once that is written: of all that is in the logs of its collection by then. Throws `event_refused`
   * where it became a dead letter, `deadline_exceeded` while it waits.
   */
  async token(record: CollectionRecord, sequence: number, deadline: number): Promise<string> {
    await this.#done(sequence, deadline);
    const { eventQueue, deadLetters, log } = this.#parts;
    const letter = await deadLetters.ofEvent(await eventQueue.idOf(sequence));
    if (letter !== undefined) {
      throw new Failure('event_refused', `event ${sequence} was refused: ${letter.error.message}`, {
        details: { dead_letter: letter.sequence, error: letter.error },
      });
    }
    const ends = Array.from({ length: record.config.shards }, async (_, shard) => log.state(record.uid, shard));
    const sequences: Sequences = (await Promise.all(ends)).map(({ lastSequence }) => lastSequence);
    return encodeToken(record.uid, sequences);
  }

  async #done(sequence: number, deadline: number): Promise<void> {
    for (;;) {
      const state = await this.#parts.eventQueue.stateOf(sequence);
      if (state === 'done') return;
      if (state === 'unknown') throw new Failure('event_not_found', `no event has the sequence ${sequence} yet`);
      if (Date.now() + ASK_AGAIN_MS >= deadline) {
        throw new Failure('deadline_exceeded', `event ${sequence} still waits for its turn`);
      }
      await sleep(ASK_AGAIN_MS);
    }
  }
}
