import { setTimeout as sleep } from 'node:timers/promises';
import {
  AckPolicy,
  DeliverPolicy,
  type Consumer,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
} from '@nats-io/jetstream';
import { Failure } from '@vectorizer/errors';
import { subjects, type CollectionUid } from '@vectorizer/contracts';
import { originOf, type Origin } from './origin.ts';
import { collectionGone, isStreamGone } from './log-faults.ts';

/** Entries are up to 4 MiB: bounded by bytes, so that a slow replica holds at most a few in memory. */
const PULL_BYTES_MAX = 16 * 1024 * 1024;
/** The server says that it lives this often while there is nothing to send; three silences in a row end the pull. */
const HEARTBEAT_MS = 1_000;
const PULL_EXPIRES_MS = 30_000;
/** The server forgets our consumer after this long without a pull: a crashed reader leaves nothing behind. */
const INACTIVE_S = 60;
const RETRY_INTERVAL_MS = 250;
/** A log's new leader may not know its own last entries for a moment; a log that is too short after this lost them. */
const SHORT_MS_MAX = 3_000;
const NANOSECONDS_PER_SECOND = 1_000_000_000;

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

export type ReadOptions = {
  /** Reading starts at the entry after this sequence. */
  readonly after: number;
  /** The log's creation as last seen; another one means that the log was replaced. */
  readonly created?: string;
  /** What is asked for at a time, and so what lies here while it is not taken. An entry that is larger never comes. */
  readonly pullBytesMax?: number;
  readonly signal: AbortSignal;
  /** Told of each interruption that reading recovers from. */
  readonly onInterruption?: (cause: unknown) => void;
};

type Source = {
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly uid: CollectionUid;
  readonly shard: number;
};

/**
 * Yields every entry once, in order, without a gap; recovers by itself from a lost connection or server. The client
 * library's ordered consumer does not do the last (it stays silent when its own server dies), so the recovery is ours:
 * a pull that ends, for whatever reason, is followed by a new consumer that starts after the last entry yielded.
 *
 * Throws `replica_diverged` when the log is not the one that was read before, `collection_not_found` when it is gone.
 */
export async function* readLog(source: Source, options: ReadOptions): AsyncGenerator<LogMessage> {
  const read: Read = { last: options.after, waits: true };
  let shortSinceMs: number | undefined;
  while (!options.signal.aborted) {
    try {
      for await (const { message, received } of pull(source, read, options)) {
        const entry = {
          sequence: message.seq,
          at: message.time.getTime(),
          bytes: message.data,
          origin: originOf(message.headers),
          pending: Math.max(message.info.pending, received),
        };
        if (entry.sequence !== read.last + 1) throw gap(read.last, entry.sequence);
        read.last = entry.sequence;
        shortSinceMs = undefined;
        read.waits = false;
        yield entry;
        read.waits = true;
      }
    } catch (error) {
      shortSinceMs = error instanceof ShortLog ? (shortSinceMs ?? performance.now()) : undefined;
      if (error instanceof ShortLog && performance.now() - (shortSinceMs ?? 0) > SHORT_MS_MAX) throw error.failure;
      if (error instanceof Failure) throw error;
      if (isStreamGone(error)) throw collectionGone(source.uid, error);
      if (options.signal.aborted) return;
      options.onInterruption?.(error);
    }
    await sleep(RETRY_INTERVAL_MS, undefined, { signal: options.signal }).catch(() => undefined);
  }
}

/** How far reading has come, and whether it waits for what comes next. */
type Read = { last: number; waits: boolean };
/**
 * With how many more have been received: what the server said of those that follow was before they came. Not by the library's
 * `getPending`, which also counts pulls that it has sent meanwhile, so that the last entry might seem to be followed.
 */
type Pulled = { readonly message: JsMsg; readonly received: number };

async function* pull(source: Source, read: Readonly<Read>, options: ReadOptions): AsyncGenerator<Pulled> {
  const stream = subjects.stream(source.uid, source.shard);
  const info = await source.manager.streams.info(stream);
  checkSameLog(
    { created: info.created, first: info.state.first_seq, last: info.state.last_seq },
    read.last,
    options.created,
  );
  const consumer = await createConsumer(source, stream, read.last);
  const messages = await consumer.consume({
    max_bytes: options.pullBytesMax ?? PULL_BYTES_MAX,
    expires: PULL_EXPIRES_MS,
    idle_heartbeat: HEARTBEAT_MS,
    abort_on_missing_resource: true,
  });
  const stop = (): void => messages.stop();
  options.signal.addEventListener('abort', stop, { once: true });
  void stopWhenBroken(messages, read);
  try {
    for await (const message of messages) yield { message, received: messages.getReceived() - messages.getProcessed() };
  } finally {
    options.signal.removeEventListener('abort', stop);
    messages.stop();
    // The server forgets it after a while in any case. Not waited for: it may be gone together with its server.
    void consumer.delete().catch(() => false);
  }
}

/**
 * Ends the pull when the server no longer says that it lives, no longer knows the consumer, or has sent what never came:
 * it drops the connection of a reader that stood still for long, and what it was sending then is lost. It waits for no
 * acknowledgement, so it would not send that again.
 */
async function stopWhenBroken(messages: Awaited<ReturnType<Consumer['consume']>>, read: Readonly<Read>): Promise<void> {
  for await (const notification of messages.status()) {
    const silent = notification.type === 'heartbeats_missed' && notification.count >= 2;
    const unknown =
      notification.type === 'consumer_not_found' ||
      notification.type === 'consumer_deleted' ||
      notification.type === 'no_responders';
    // A heartbeat comes after all that was sent before it: who waits for that when it comes, waits in vain.
    const lost = notification.type === 'heartbeat' && read.waits && notification.lastStreamSequence > read.last;
    if (silent || unknown || lost) {
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

function checkSameLog(
  log: { created: string; first: number; last: number },
  read: number,
  created: string | undefined,
): void {
  if (created !== undefined && created !== log.created) {
    throw new Failure('replica_diverged', `the log was replaced: created ${log.created}, was ${created}`);
  }
  if (log.last < read)
    throw new ShortLog(new Failure('replica_diverged', `the log ends at ${log.last}, but ${read} was read from it`));
  if (read + 1 < log.first) throw gap(read, log.first);
}

/** It ends before what was read from it, as far as its leader knows now. */
class ShortLog extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

function gap(read: number, next: number): Failure {
  return new Failure('replica_diverged', `the log continues at ${next}, but ${read + 1} is next`, {
    details: { read, next },
  });
}
