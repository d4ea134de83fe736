import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import {
  encodeEntry,
  encodeRequest,
  limits,
  subjects,
  type CollectionUid,
  type EncodedRequest,
  type Request,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { LogObserver } from './log-observer.ts';
import { ORIGIN_BYTES_MAX, originHeaders, WriteOrigin } from './origin.ts';
import { collectionGone, isRefusal, isStreamGone, isUnanswered, logUnavailable } from './log-faults.ts';

/** One publish attempt; a request in flight when a connection dies waits this long before it is sent again. */
const ATTEMPT_TIMEOUT_MS = 2_000;
/** Between attempts while the server is away or elects a leader. */
const RETRY_INTERVAL_MS = 100;
/** Who can tell whether a log is gone, tells at once. */
const GONE_MS_MAX = 300;
/** What may wait for one shard: eight full entries, a second or two of work for a disk. Beyond it, `overloaded`. */
const QUEUED_OPERATIONS_MAX = 8 * limits.entryOperationsMax;
const QUEUED_BYTES_MAX = 8 * limits.entryBytesMax;
/** Headers and the entry's own frame, kept free below the server's max_payload. */
const ENTRY_HEADROOM_BYTES = ORIGIN_BYTES_MAX + 8_192;

type Waiting = {
  readonly request: EncodedRequest;
  readonly bytes: number;
  readonly operations: number;
  readonly deadline: number;
  readonly origin: WriteOrigin;
  readonly resolve: (logged: { sequence: number }) => void;
  readonly reject: (failure: Failure) => void;
};

/**
 * Group commit: one publish in flight per shard. What arrives meanwhile goes into the next entry, so one fsync pays for
 * everything that waited, and a lone write waits for nobody.
 *
 * An entry is published under one message id until the server answers, so a publish that timed out and did arrive is
 * not logged twice. A request whose deadline passes while its entry is in flight is answered `deadline_exceeded`:
 * its outcome is unknown, and a retry with the same idempotency key finds out.
 */
export class LogWriter {
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;
  readonly #uid: CollectionUid;
  readonly #subject: string;
  readonly #stream: string;
  readonly #entryBytesMax: number;
  readonly #observer: LogObserver;
  #queue: Waiting[] = [];
  #queuedOperations = 0;
  #queuedBytes = 0;
  #publishing = false;

  constructor(parts: {
    client: JetStreamClient;
    manager: JetStreamManager;
    uid: CollectionUid;
    shard: number;
    payloadBytesMax: number;
    observer: LogObserver;
  }) {
    this.#client = parts.client;
    this.#manager = parts.manager;
    this.#observer = parts.observer;
    this.#uid = parts.uid;
    this.#subject = subjects.log(parts.uid, parts.shard);
    this.#stream = subjects.stream(parts.uid, parts.shard);
    this.#entryBytesMax = Math.min(limits.entryBytesMax, parts.payloadBytesMax - ENTRY_HEADROOM_BYTES);
  }

  /** Operations that wait or are in flight. */
  get pending(): number {
    return this.#queuedOperations;
  }

  /** Logs a request and answers its entry's sequence. `deadline` is epoch milliseconds. */
  append(request: Request, deadline: number): Promise<{ sequence: number }> {
    const { request: encoded, bytes } = encodeRequest(request);
    if (bytes > this.#entryBytesMax) {
      throw new Failure(
        'payload_too_large',
        `the request takes about ${bytes} bytes in the log, at most ${this.#entryBytesMax} fit`,
      );
    }
    const operations = request.ops.length;
    if (this.#queuedOperations + operations > QUEUED_OPERATIONS_MAX || this.#queuedBytes + bytes > QUEUED_BYTES_MAX) {
      throw new Failure('overloaded', 'too many writes wait for this shard', {
        details: { waiting: this.#queuedOperations },
      });
    }
    const { promise, resolve, reject } = Promise.withResolvers<{ sequence: number }>();
    const origin = new WriteOrigin({ subject: this.#subject, operations });
    const waiting: Waiting = { request: encoded, bytes, operations, deadline, origin, resolve, reject };
    this.#queue.push(waiting);
    this.#queuedOperations += operations;
    this.#queuedBytes += bytes;
    this.#observer.pending(operations);
    const timer = setTimeout(() => this.#expire(waiting), Math.max(0, deadline - Date.now()));
    if (!this.#publishing) void this.#publishAll();
    promise.then(
      ({ sequence }) => origin.logged(sequence),
      (failure: unknown) => origin.failed(failure),
    );
    return promise.finally(() => clearTimeout(timer));
  }

  /** A request that still waits is withdrawn; one whose entry is in flight may or may not be in the log. */
  #expire(waiting: Waiting): void {
    const place = this.#queue.indexOf(waiting);
    if (place >= 0) {
      this.#queue.splice(place, 1);
      this.#release(waiting);
    }
    waiting.reject(
      new Failure('deadline_exceeded', 'the write log did not answer in time; retry with the same Idempotency-Key', {
        details: { logged: place >= 0 ? false : 'unknown' },
      }),
    );
  }

  #release(waiting: Waiting): void {
    this.#queuedOperations -= waiting.operations;
    this.#queuedBytes -= waiting.bytes;
    this.#observer.pending(-waiting.operations);
  }

  /** Never rejects: each request's promise carries its own end. */
  async #publishAll(): Promise<void> {
    this.#publishing = true;
    while (this.#queue.length > 0) {
      const entry = this.#takeEntry();
      if (entry.length === 0) break;
      // eslint-disable-next-line no-await-in-loop -- one publish in flight is the design
      await this.#publish(entry);
      for (const waiting of entry) this.#release(waiting);
    }
    this.#publishing = false;
  }

  #takeEntry(): Waiting[] {
    // Ahead of their timers, after a process has stood still: their callers may have written elsewhere meanwhile, and more
    // after that, which this must not overwrite.
    for (const late of this.#queue.filter(({ deadline }) => deadline <= Date.now())) this.#expire(late);
    let [taken, operations, bytes] = [0, 0, 0];
    for (const waiting of this.#queue) {
      const fits =
        operations + waiting.operations <= limits.entryOperationsMax && bytes + waiting.bytes <= this.#entryBytesMax;
      if (taken > 0 && !fits) break;
      taken += 1;
      operations += waiting.operations;
      bytes += waiting.bytes;
    }
    return this.#queue.splice(0, taken);
  }

  async #publish(entry: readonly Waiting[]): Promise<void> {
    const bytes = encodeEntry({ at: Date.now(), requests: entry.map((waiting) => waiting.request) });
    const headers = originHeaders(entry.map(({ origin }) => origin));
    const msgID = randomUUID();
    const deadline = Math.max(...entry.map((waiting) => waiting.deadline));
    const startMs = performance.now();
    for (;;) {
      try {
        const options = { msgID, headers, timeout: ATTEMPT_TIMEOUT_MS, expect: { streamName: this.#stream } };
        // eslint-disable-next-line no-await-in-loop -- the next attempt follows the answer of this one
        const { seq } = await this.#client.publish(this.#subject, bytes, options);
        for (const waiting of entry) waiting.resolve({ sequence: seq });
        const operations = entry.reduce((sum, waiting) => sum + waiting.operations, 0);
        const seconds = (performance.now() - startMs) / 1_000;
        this.#observer.published({ seconds, bytes: bytes.byteLength, operations });
        return;
      } catch (cause) {
        // eslint-disable-next-line no-await-in-loop -- asks the server only after a failure
        const failure = await this.#finalFailure(cause, deadline);
        if (failure !== undefined) {
          for (const waiting of entry) waiting.reject(failure);
          return;
        }
        this.#observer.retried();
        // eslint-disable-next-line no-await-in-loop -- a pause between attempts
        await sleep(RETRY_INTERVAL_MS);
      }
    }
  }

  /** Undefined while another attempt with the same message id is in order. */
  async #finalFailure(cause: unknown, deadline: number): Promise<Failure | undefined> {
    if (isStreamGone(cause)) return collectionGone(this.#uid, cause);
    if (isRefusal(cause)) return logUnavailable(cause);
    // A publish to a subject that no stream holds is answered by nobody, as one to a log without a leader is.
    if (isUnanswered(cause) && (await this.#isGone())) return collectionGone(this.#uid, cause);
    // Past the last deadline nobody waits any more: each request has been answered by its own timer.
    return Date.now() < deadline ? undefined : logUnavailable(cause);
  }

  /** False while nobody can tell: without a leader the question is not answered either. */
  async #isGone(): Promise<boolean> {
    const asked = this.#manager.streams.info(this.#stream).then(() => false, isStreamGone);
    return Promise.race([asked, sleep(GONE_MS_MAX, false)]);
  }
}
