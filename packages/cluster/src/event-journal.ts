import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  RetentionPolicy,
  type JetStreamClient,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { EVENT_STREAM, ReplicationEvent } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { openStream, type StreamOptions } from './open-stream.ts';

/** Older events are forgotten. */
const EVENTS_MAX = 10_000;
const BYTES_MAX = 16 * 1024 * 1024;
/** In one answer, and asked of the server at once. */
const READ_MAX = 256;
const READS_IN_FLIGHT_MAX = 16;
const TIMEOUT_MS = 5_000;

/** The newest replication events, in a stream of the log servers: numbered once for all, whoever wrote them. */
export class EventJournal {
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;

  private constructor(client: JetStreamClient, manager: JetStreamManager) {
    this.#client = client;
    this.#manager = manager;
  }

  static async open(options: StreamOptions): Promise<EventJournal> {
    const config = {
      name: EVENT_STREAM.name,
      subjects: [EVENT_STREAM.subject],
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.Old,
      max_msgs: EVENTS_MAX,
      max_bytes: BYTES_MAX,
    };
    const { client, manager } = await openStream(options, config, { timeout: TIMEOUT_MS });
    return new EventJournal(client, manager);
  }

  /** Durable when it returns, with its number. */
  async append(event: Omit<ReplicationEvent, 'number'>): Promise<ReplicationEvent> {
    try {
      const { seq } = await this.#client.publish(EVENT_STREAM.subject, JSON.stringify(event), { timeout: TIMEOUT_MS });
      return { ...event, number: seq };
    } catch (cause) {
      throw unavailable(cause);
    }
  }

  /** The events after a number, oldest first, a bounded count of them; and the number of the newest there is. */
  async after(number: number): Promise<{ readonly events: readonly ReplicationEvent[]; readonly last: number }> {
    try {
      const { state } = await this.#manager.streams.info(EVENT_STREAM.name);
      const first = Math.max(number + 1, state.first_seq);
      const numbers = Array.from(
        { length: Math.max(0, Math.min(READ_MAX, state.last_seq - first + 1)) },
        (_, i) => first + i,
      );
      const events: ReplicationEvent[] = [];
      for (let i = 0; i < numbers.length; i += READS_IN_FLIGHT_MAX) {
        const some = await Promise.all(numbers.slice(i, i + READS_IN_FLIGHT_MAX).map(async (each) => this.#read(each)));
        events.push(...some.flatMap((event) => event ?? []));
      }
      return { events, last: state.last_seq };
    } catch (cause) {
      throw unavailable(cause);
    }
  }

  /** The newest event that is wanted, from the newest on; undefined when none that is remembered is. */
  async newest(isWanted: (event: ReplicationEvent) => boolean): Promise<ReplicationEvent | undefined> {
    let { last: before } = await this.after(Number.MAX_SAFE_INTEGER);
    while (before > 0) {
      const after = Math.max(0, before - READ_MAX);
      const { events } = await this.after(after);
      const found = events.findLast(isWanted);
      if (found !== undefined || events.length === 0) return found;
      before = after;
    }
    return undefined;
  }

  /** Undefined when it has been forgotten meanwhile, or was written by a later version. */
  async #read(number: number): Promise<ReplicationEvent | undefined> {
    try {
      const message = await this.#manager.streams.getMessage(EVENT_STREAM.name, { seq: number });
      return ReplicationEvent.safeParse({ ...message?.json<object>(), number }).data;
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.NoMessageFound) return undefined;
      throw error;
    }
  }
}

function unavailable(cause: unknown): Failure {
  return new Failure('log_unavailable', 'the replication events cannot be reached', { cause });
}
