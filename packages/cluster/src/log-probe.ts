import { randomUUID } from 'node:crypto';
import type { JetStreamClient } from '@nats-io/jetstream';
import { PROBE_STREAM } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { openStream, type StreamOptions } from './open-stream.ts';

/** What is well is not tried again for so long: each trial is synced to the disks of a majority. */
const GOOD_FOR_MS = 4_000;
const TIMEOUT_MS = 1_500;
/** What is left of processes that are gone. */
const KEPT_NS = 3_600_000_000_000;

/**
 * Tries whether the log servers store what they are given, as they do a write: a server that answers may be without a
 * majority, or its disk may be full.
 */
export class LogProbe {
  readonly #client: JetStreamClient;
  readonly #subject = `${PROBE_STREAM.subject}.${randomUUID().slice(0, 8)}`;
  #goodAtMs = -Infinity;
  #tookMs = 0;

  private constructor(client: JetStreamClient) {
    this.#client = client;
  }

  static async open(options: StreamOptions): Promise<LogProbe> {
    const config = {
      name: PROBE_STREAM.name,
      subjects: [`${PROBE_STREAM.subject}.*`],
      max_msgs_per_subject: 1,
      max_age: KEPT_NS,
    };
    const { client } = await openStream(options, config, { timeout: TIMEOUT_MS });
    return new LogProbe(client);
  }

  /** How long storing something took, lately. Throws `log_unavailable`. */
  async tookMs(): Promise<number> {
    const startMs = performance.now();
    if (startMs - this.#goodAtMs < GOOD_FOR_MS) return this.#tookMs;
    try {
      await this.#client.publish(this.#subject, '', { timeout: TIMEOUT_MS });
    } catch (cause) {
      throw new Failure('log_unavailable', `the log servers store nothing: ${String(cause)}`, { cause });
    }
    this.#goodAtMs = performance.now();
    this.#tookMs = Math.round(this.#goodAtMs - startMs);
    return this.#tookMs;
  }
}
