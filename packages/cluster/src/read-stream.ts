import {
  AckPolicy,
  type ConsumerMessages,
  type DeliverPolicy,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
} from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';

/** A server that sends nothing for this long does not answer. */
const STALLED_MS = 10_000;
/** The server's word that it ended a fetch for that takes so long. */
const ENDED_MS = 2_000;
/** Who takes nothing for this long is let go. */
const IDLE_S_MAX = 300;
const NANOSECONDS_PER_SECOND = 1_000_000_000;

export type Reading = {
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly stream: string;
  readonly subject: string;
  readonly deliver: DeliverPolicy;
  /** Asked for at once, and so all that a reader keeps in memory, however slowly it reads. */
  readonly atOnce: number;
  /** Told how many there are when the reading begins; what it throws ends it. */
  readonly onBegin?: (messages: number) => void;
};

/**
 * What a stream has at a subject, message by message, at the pace of whoever takes it. The client library's own ways push
 * messages into a queue without a bound, and leave a consumer on the server for five minutes, of which there may be 1,000.
 */
export async function* readStream(reading: Reading): AsyncGenerator<JsMsg> {
  const { client, manager, stream, subject, deliver, atOnce, onBegin } = reading;
  const info = await manager.consumers.add(stream, {
    ack_policy: AckPolicy.None,
    deliver_policy: deliver,
    filter_subject: subject,
    inactive_threshold: IDLE_S_MAX * NANOSECONDS_PER_SECOND,
    mem_storage: true,
    num_replicas: 1,
  });
  const consumer = await client.consumers.get(stream, info.name);
  try {
    onBegin?.(info.num_pending);
    for (let isOver = info.num_pending === 0; !isOver;) {
      const messages = await consumer.fetch({ max_messages: atOnce, expires: STALLED_MS });
      const timer = stopWhenSilent(messages);
      let taken = 0;
      try {
        for await (const message of messages) {
          taken += 1;
          isOver = message.info.pending === 0;
          yield message;
          if (isOver) return;
        }
      } finally {
        clearInterval(timer);
      }
      // What was still to come may have been removed meanwhile.
      if (taken === 0) isOver = (await consumer.info()).num_pending === 0;
      if (taken === 0 && !isOver) throw new errors.TimeoutError();
    }
  } finally {
    // The server forgets it after a while in any case.
    await consumer.delete().catch(() => false);
  }
}

/** Once the connection was lost, the client library ends a fetch only when the consumer's server answers again. */
function stopWhenSilent(messages: ConsumerMessages): NodeJS.Timeout {
  let received = 0;
  return setInterval(() => {
    const came = messages.getReceived();
    // What came and was not taken waits for its taker.
    if (came === received && came === messages.getProcessed()) messages.stop(new errors.TimeoutError());
    received = came;
  }, STALLED_MS + ENDED_MS);
}
