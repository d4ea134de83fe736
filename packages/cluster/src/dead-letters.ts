import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  RetentionPolicy,
  type JetStreamClient,
  type JetStreamManager,
  type SeqMsgRequest,
  type StoredMsg,
} from '@nats-io/jetstream';
import { deadLetters, type DeadLetter } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { pack, unpack } from 'msgpackr';
import { API } from './connection.ts';
import { openStream, type StreamOptions } from './open-stream.ts';

/** Until somebody retries or drops them. Beyond them events wait: nothing is thrown away to make room. */
const LETTERS_MAX = 100_000;
const BYTES_MAX = 1024 * 1024 * 1024;

/** A dead letter with its number. */
export type NumberedLetter = DeadLetter & { readonly sequence: number };

/** The events that were refused, each once. */
export class DeadLetters {
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;

  private constructor(client: JetStreamClient, manager: JetStreamManager) {
    this.#client = client;
    this.#manager = manager;
  }

  static async open(options: StreamOptions): Promise<DeadLetters> {
    const config = {
      name: deadLetters.stream,
      subjects: [deadLetters.subjects],
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.New,
      max_msgs: LETTERS_MAX,
      max_bytes: BYTES_MAX,
    };
    const { client, manager } = await openStream(options, config, API);
    return new DeadLetters(client, manager);
  }

  /** Durable when it returns. One of the same event that is there already stays as it is. */
  async put(letter: DeadLetter): Promise<void> {
    const subject = deadLetters.subject(letter.event.id);
    try {
      await this.#client.publish(subject, pack(letter), { expect: { lastSubjectSequence: 0 } });
    } catch (cause) {
      if (isTaken(cause)) return;
      throw unavailable(cause);
    }
  }

  /** That of an event; undefined when it has none, or no more. */
  async ofEvent(eventId: string): Promise<NumberedLetter | undefined> {
    return this.#find({ last_by_subj: deadLetters.subject(eventId) });
  }

  async get(sequence: number): Promise<NumberedLetter> {
    const letter = await this.#find({ seq: sequence });
    if (letter !== undefined) return letter;
    throw new Failure('dead_letter_not_found', `no dead letter has the sequence ${sequence}`);
  }

  /** Those after a sequence, oldest first. */
  async list(after: number, limit: number): Promise<NumberedLetter[]> {
    const letters: NumberedLetter[] = [];
    let next: NumberedLetter | undefined;
    do {
      const query: SeqMsgRequest & { readonly next_by_subj: string } = {
        seq: (next?.sequence ?? after) + 1,
        next_by_subj: deadLetters.subjects,
      };
      // Each says where the next is looked for.
      next = await this.#find(query);
      if (next !== undefined) letters.push(next);
    } while (next !== undefined && letters.length < limit);
    return letters;
  }

  async remove(sequence: number): Promise<void> {
    try {
      await this.#manager.streams.deleteMessage(deadLetters.stream, sequence, false);
    } catch (cause) {
      // Somebody else has just done it.
      if (cause instanceof JetStreamApiError && cause.status === 404) return;
      throw unavailable(cause);
    }
  }

  async #find(query: Parameters<JetStreamManager['streams']['getMessage']>[1]): Promise<NumberedLetter | undefined> {
    const message = await this.#manager.streams.getMessage(deadLetters.stream, query).catch((cause: unknown) => {
      throw unavailable(cause);
    });
    return message === null ? undefined : letterOf(message);
  }
}

function letterOf(message: StoredMsg): NumberedLetter {
  return { ...(unpack(message.data) as DeadLetter), sequence: message.seq };
}

function isTaken(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamWrongLastSequence;
}

function unavailable(cause: unknown): Failure {
  return new Failure('log_unavailable', 'the dead letters cannot be reached', { cause });
}
