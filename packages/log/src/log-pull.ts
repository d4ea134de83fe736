import { setTimeout as sleep } from 'node:timers/promises';
import {
  AckPolicy,
  DeliverPolicy,
  type Consumer,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
  type StoredMsg,
} from '@nats-io/jetstream';
import type { MsgHdrs } from '@nats-io/transport-node';
import { subjects, type CollectionUid } from '@vectorizer/contracts';
import { originOf, type Origin } from './origin.ts';

/** Entries are up to 4 MiB: bounded by bytes, so that a slow replica holds at most a few in memory. */
const PULL_BYTES_MAX = 16 * 1024 * 1024;
/** The server says that it lives this often while there is nothing to send; three silences in a row end the pull. */
const HEARTBEAT_MS = 1_000;
const SILENCES_MAX = 3;
const PULL_EXPIRES_MS = 30_000;
/** The server forgets our consumer after this long without a pull: a crashed reader leaves nothing behind. */
const INACTIVE_S = 60;
/** While a consumer is not made yet, the log's leader is asked this often for what follows. */
const DIRECT_INTERVAL_MS = 100;
const NANOSECONDS_PER_SECOND = 1_000_000_000;

export type Source = {
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly uid: CollectionUid;
  readonly shard: number;
};

/** How far reading has come, and whether it waits for what comes next. */
export type Read = { last: number; waits: boolean };

export type PullOptions = {
  /** What is asked for at a time, and so what lies here while it is not taken. An entry that is larger never comes. */
  readonly pullBytesMax?: number;
  readonly signal: AbortSignal;
};

/**
 * One entry as it lies in the log. `at` is when the log took it, in epoch milliseconds; `pending` is how many follow, at the
 * least: 0 when it was the last one as far as this reader knows.
 */
export type LogMessage = {
  readonly sequence: number;
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly origin: Origin;
  readonly pending: number;
};

/**
 * What follows in the log, from a consumer of our own; while that is not made yet, from the log's leader. Ends or throws when the
 * consumer is no more: then the next one is to begin after what was read. Some entries may come twice.
 */
export async function* pullLog(source: Source, read: Readonly<Read>, options: PullOptions): AsyncGenerator<LogMessage> {
  const stream = subjects.stream(source.uid, source.shard);
  const making = createConsumer(source, stream, read.last);
  while (!(await settlesWithin(making, DIRECT_INTERVAL_MS))) yield* readDirectly(source.manager, stream, read);
  const consumer = await making;
  const messages = await consumer.consume({
    max_bytes: options.pullBytesMax ?? PULL_BYTES_MAX,
    expires: PULL_EXPIRES_MS,
    idle_heartbeat: HEARTBEAT_MS,
    abort_on_missing_resource: true,
  });
  const stop = (): void => messages.stop();
  options.signal.addEventListener('abort', stop, { once: true });
  // It may have come while the consumer was made.
  if (options.signal.aborted) stop();
  const silence = stopWhenSilent(messages, read);
  void stopWhenBroken(messages, read, silence);
  try {
    for await (const message of messages) {
      // With those that have been received: what the server said of those that follow was before they came. Not by the library's
      // `getPending`, which also counts pulls that it has sent meanwhile, so that the last entry might seem to be followed.
      const received = messages.getReceived() - messages.getProcessed();
      yield { ...entryIn(message, message.headers), pending: Math.max(message.info.pending, received) };
    }
  } finally {
    silence.end();
    options.signal.removeEventListener('abort', stop);
    messages.stop();
    // The server forgets it after a while in any case. Not waited for: it may be gone together with its server.
    void consumer.delete().catch(() => false);
  }
}

function entryIn(message: JsMsg | StoredMsg, headers: MsgHdrs | undefined): Omit<LogMessage, 'pending'> {
  return { sequence: message.seq, at: message.time.getTime(), bytes: message.data, origin: originOf(headers) };
}

/**
 * What follows, one entry at a time, as the log's leader has it. That takes no consumer, which only the leader of all logs
 * makes: it may be elected seconds after this log's own, which already takes writes.
 */
async function* readDirectly(
  manager: JetStreamManager,
  stream: string,
  read: Readonly<Read>,
): AsyncGenerator<LogMessage> {
  for (;;) {
    const message = await manager.streams.getMessage(stream, { seq: read.last + 1 });
    if (message === null) return;
    yield { ...entryIn(message, message.header), pending: 0 };
  }
}

async function settlesWithin(task: Promise<unknown>, ms: number): Promise<boolean> {
  const stop = new AbortController();
  const { signal } = stop;
  const settled = task.then(
    () => true,
    () => true,
  );
  return Promise.race([settled, sleep(ms, false, { signal })]).finally(() => stop.abort());
}

type Messages = Awaited<ReturnType<Consumer['consume']>>;
type Silence = { heard(): void; end(): void };

/**
 * Ends the pull when nothing is heard of the server. The client library watches for that too, but not from a lost connection
 * until it has heard of the consumer again, which it asks for only once in `PULL_EXPIRES_MS`: the server that kept the consumer
 * may be the one that was lost.
 */
function stopWhenSilent(messages: Messages, read: Readonly<Read>): Silence {
  let [silences, received] = [0, 0];
  const look = (): void => {
    const came = messages.getReceived();
    // Who does not wait has not looked for what may lie there.
    silences = came > received || !read.waits ? 0 : silences + 1;
    received = came;
    if (silences > SILENCES_MAX) messages.stop(new Error('log reader interrupted: the server is silent'));
  };
  const timer = setInterval(look, HEARTBEAT_MS);
  return {
    heard: () => (silences = 0),
    end: () => clearInterval(timer),
  };
}

/**
 * Ends the pull when the server no longer knows the consumer, or has sent what never came: it drops the connection of a reader
 * that stood still for long, and what it was sending then is lost. It waits for no acknowledgement, so it would not send that
 * again.
 */
async function stopWhenBroken(messages: Messages, read: Readonly<Read>, silence: Silence): Promise<void> {
  for await (const notification of messages.status()) {
    if (notification.type === 'heartbeat') silence.heard();
    const unknown =
      notification.type === 'consumer_not_found' ||
      notification.type === 'consumer_deleted' ||
      notification.type === 'no_responders';
    // A heartbeat comes after all that was sent before it: who waits for that when it comes, waits in vain.
    const lost = notification.type === 'heartbeat' && read.waits && notification.lastStreamSequence > read.last;
    if (unknown || lost) {
      messages.stop(
        new Error(`log reader interrupted: ${lost ? 'entries were lost on their way' : notification.type}`),
      );
    }
  }
}

async function createConsumer(source: Source, stream: string, last: number): Promise<Consumer> {
  const { name } = await source.manager.consumers.add(stream, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: last + 1,
    inactive_threshold: INACTIVE_S * NANOSECONDS_PER_SECOND,
    mem_storage: true,
    num_replicas: 1,
  });
  return source.client.consumers.get(stream, name);
}
