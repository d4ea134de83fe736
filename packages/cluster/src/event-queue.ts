import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  RetentionPolicy,
  type Consumer,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
} from '@nats-io/jetstream';
import { headers as newHeaders, type MsgHdrs } from '@nats-io/transport-node';
import { events, type StoredEvent } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { API } from './connection.ts';
import { openStream, type StreamOptions } from './open-stream.ts';

/** Of events that nobody has taken yet; beyond them producers are refused, and publish again later. */
const EVENTS_MAX = 1_000_000;
const BYTES_MAX = 4 * 1024 * 1024 * 1024;
/** Headers included; a dead letter holds an event and the reason, and stays below the servers' max_payload of 8 MB. */
const EVENT_BYTES_MAX = 4 * 1024 * 1024;
/** The servers' own window against double publishes; beyond it the replicas' request tables guard. */
const DUPLICATE_WINDOW_S = 120;
/** Taken at once, and not more than that before they are acknowledged. */
const BATCH_EVENTS_MAX = 128;
/** After so much, no more is added to a batch; what is added at once is another 64 MiB at most. */
const BATCH_BYTES = 16 * 1024 * 1024;
const CHUNK_EVENTS_MAX = 16;
/** An event that was taken and not acknowledged is given out again after this, should its consumer still be there. */
const ACK_WAIT_S = 60;
/** The longest wait for an event to come, and with it for a consumer to stop; the client's least is a second. */
const WAIT_MS = 1_000;
const NANOSECONDS_PER_SECOND = 1_000_000_000;

/** An event that was taken: once it is acknowledged, it is gone. */
export type TakenEvent = StoredEvent & { ack(): void };
/** `waiting`: those that are in the stream behind these. */
export type TakenEvents = { readonly events: readonly TakenEvent[]; readonly waiting: number };

/**
 * The events of producers: a work queue, from which an event goes when it was acknowledged. So what is refused beyond its
 * limits is always what nobody has taken yet, and never something old that nobody needs.
 */
export class EventQueue {
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;

  private constructor(client: JetStreamClient, manager: JetStreamManager) {
    this.#client = client;
    this.#manager = manager;
  }

  static async open(options: StreamOptions): Promise<EventQueue> {
    const config = {
      name: events.stream,
      subjects: [...events.subjects],
      retention: RetentionPolicy.Workqueue,
      discard: DiscardPolicy.New,
      max_msgs: EVENTS_MAX,
      max_bytes: BYTES_MAX,
      max_msg_size: EVENT_BYTES_MAX,
      duplicate_window: DUPLICATE_WINDOW_S * NANOSECONDS_PER_SECOND,
    };
    const { client, manager } = await openStream(options, config, API);
    return new EventQueue(client, manager);
  }

  /** Durable when it returns, with its sequence. */
  async publish({ subject, headers, body }: Pick<StoredEvent, 'subject' | 'headers' | 'body'>): Promise<number> {
    const sent = newHeaders();
    for (const [name, value] of Object.entries(headers)) sent.set(name, value);
    return this.#ask(async () => (await this.#client.publish(subject, body, { headers: sent })).seq);
  }

  /** `unknown`: no event has had this sequence yet. */
  async stateOf(sequence: number): Promise<'unknown' | 'waiting' | 'done'> {
    return this.#ask(async () => {
      const { state } = await this.#manager.streams.info(events.stream);
      if (sequence > state.last_seq) return 'unknown';
      if (sequence < state.first_seq) return 'done';
      const found = await this.#manager.streams.getMessage(events.stream, { seq: sequence });
      return found === null ? 'done' : 'waiting';
    });
  }

  /** The `id` of the event of this sequence. */
  async idOf(sequence: number): Promise<string> {
    return this.#ask(async () => idOf((await this.#manager.streams.info(events.stream)).created, sequence));
  }

  /**
   * Begins to take events, from the first that was not acknowledged, in their order. Whoever took them before is cut off: a
   * durable consumer that went on would give out what that one had taken behind what came later. For one process at a time.
   */
  async take(): Promise<EventTaker> {
    return this.#ask(async () => {
      await this.#manager.consumers.delete(events.stream, events.consumer).catch(unlessUnknown);
      const [{ created }] = await Promise.all([
        this.#manager.streams.info(events.stream),
        this.#manager.consumers.add(events.stream, {
          durable_name: events.consumer,
          ack_policy: AckPolicy.Explicit,
          deliver_policy: DeliverPolicy.All,
          max_ack_pending: BATCH_EVENTS_MAX,
          ack_wait: ACK_WAIT_S * NANOSECONDS_PER_SECOND,
          max_deliver: -1,
        }),
      ]);
      return new EventTaker(await this.#client.consumers.get(events.stream, events.consumer), created);
    });
  }

  async #ask<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (cause) {
      throw new Failure('log_unavailable', 'the stream of events cannot be reached', { cause });
    }
  }
}

/** Takes events in batches. */
export class EventTaker {
  readonly #consumer: Consumer;
  readonly #created: string;

  constructor(consumer: Consumer, created: string) {
    this.#consumer = consumer;
    this.#created = created;
  }

  /** What is there, a bounded batch of it; none when nothing came for a second. Throws when the consumer is no more. */
  async next(): Promise<TakenEvents> {
    const first = await this.#consumer.next({ expires: WAIT_MS });
    if (first === null) return { events: [], waiting: 0 };
    const batch = [first];
    let [waiting, bytes] = [first.info.pending, first.data.byteLength];
    while (waiting > 0 && batch.length < BATCH_EVENTS_MAX && bytes < BATCH_BYTES) {
      const wanted = Math.min(waiting, BATCH_EVENTS_MAX - batch.length, CHUNK_EVENTS_MAX);
      // One after the other, so that their bytes are counted.
      const chunk = await Array.fromAsync(await this.#consumer.fetch({ max_messages: wanted, expires: WAIT_MS }));
      batch.push(...chunk);
      bytes += chunk.reduce((sum, { data }) => sum + data.byteLength, 0);
      waiting = chunk.length < wanted ? 0 : (chunk.at(-1)?.info.pending ?? 0);
    }
    return { events: batch.map((message) => this.#taken(message)), waiting: batch.at(-1)?.info.pending ?? 0 };
  }

  #taken(message: JsMsg): TakenEvent {
    return {
      id: idOf(this.#created, message.seq),
      sequence: message.seq,
      at: message.time.getTime(),
      subject: message.subject,
      headers: valuesOf(message.headers),
      body: message.data,
      ack: () => message.ack(),
    };
  }
}

function idOf(created: string, sequence: number): string {
  return `${Date.parse(created).toString(36)}-${sequence}`;
}

function valuesOf(headers: MsgHdrs | undefined): Record<string, string> {
  return Object.fromEntries((headers?.keys() ?? []).map((name) => [name, headers?.get(name) ?? '']));
}

function unlessUnknown(error: unknown): void {
  if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.ConsumerNotFound) return;
  throw error;
}
