import {
  AckPolicy,
  DeliverPolicy,
  type ConsumerMessages,
  type JetStreamClient,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { Failure } from '@vectorizer/errors';

/** Asked for at once, and so all that a reader keeps in memory, however slowly it reads: parts are up to 1 MiB. */
const PARTS_AT_ONCE = 8;
/** A server that sends nothing for this long does not answer. */
const STALLED_MS = 10_000;
/** The server's word that it ended a fetch for that takes so long. */
const ENDED_MS = 2_000;
/** Who takes nothing for this long is let go. */
const IDLE_S_MAX = 300;
const NANOSECONDS_PER_SECOND = 1_000_000_000;

type Source = {
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly bucket: string;
  readonly object: { readonly name: string; readonly nuid: string; readonly chunks: number };
};

/**
 * The content of an object, part by part, at the pace of whoever takes it. The client library's own reading pushes parts
 * into a queue without a bound, which a slow reader fills with the whole object.
 */
export async function* readObject({ client, manager, bucket, object }: Source): AsyncGenerator<Uint8Array> {
  const { name, nuid, chunks } = object;
  const stream = `OBJ_${bucket}`;
  const info = await manager.consumers.add(stream, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.All,
    filter_subject: `$O.${bucket}.C.${nuid}`,
    inactive_threshold: IDLE_S_MAX * NANOSECONDS_PER_SECOND,
    mem_storage: true,
    num_replicas: 1,
  });
  if (info.num_pending !== chunks) {
    throw new Failure('storage_error', `of ${chunks} parts of ${name} ${info.num_pending} are stored`);
  }
  const consumer = await client.consumers.get(stream, info.name);
  try {
    for (let taken = 0; taken < chunks;) {
      const before = taken;
      const parts = await consumer.fetch({ max_messages: PARTS_AT_ONCE, expires: STALLED_MS });
      const timer = stopWhenSilent(parts);
      try {
        for await (const { data } of parts) {
          taken += 1;
          yield data;
          if (taken === chunks) return;
        }
      } finally {
        clearInterval(timer);
      }
      if (taken === before) throw new errors.TimeoutError();
    }
  } finally {
    // The server forgets it after a while in any case.
    await consumer.delete().catch(() => false);
  }
}

/** Once the connection was lost, the client library ends a fetch only when the consumer's server answers again. */
function stopWhenSilent(parts: ConsumerMessages): NodeJS.Timeout {
  let received = 0;
  return setInterval(() => {
    const came = parts.getReceived();
    // What came and was not taken waits for its taker.
    if (came === received && came === parts.getProcessed()) parts.stop(new errors.TimeoutError());
    received = came;
  }, STALLED_MS + ENDED_MS);
}
