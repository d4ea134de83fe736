import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  RetentionPolicy,
  type JetStreamClient,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import {
  AUDIT_START,
  AUDIT_STREAM,
  decodeAudit,
  encodeAudit,
  hashOfAudit,
  type AuditEntry,
  type AuditHead,
  type NumberedAuditEntry,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { openStream, type StreamOptions } from './open-stream.ts';

const TIMEOUT_MS = 5_000;
const LOST_PAUSE_MS_MAX = 20;
const READS_IN_FLIGHT_MAX = 16;

/** A message as it is in the stream. */
export type StoredAudit = { readonly sequence: number; readonly bytes: Uint8Array };
export type AuditState = { readonly first: number; readonly last: number; readonly created: string };

/**
 * The audit log: a stream that takes messages and gives none away, in one chain over all gateways. A writer puts its message
 * after the one that it names, or, when somebody was quicker, names that one instead.
 */
export class AuditLog {
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;
  readonly #writer = randomUUID();
  #number = 0;
  #head: AuditHead | undefined;

  private constructor(client: JetStreamClient, manager: JetStreamManager) {
    this.#client = client;
    this.#manager = manager;
  }

  static async open(options: StreamOptions): Promise<AuditLog> {
    const config = {
      name: AUDIT_STREAM.name,
      subjects: [AUDIT_STREAM.subject],
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.Old,
      max_age: nanos(AUDIT_STREAM.keptMs),
      deny_delete: true,
      deny_purge: true,
    };
    const { client, manager } = await openStream(options, config, { timeout: TIMEOUT_MS });
    return new AuditLog(client, manager);
  }

  /** Durable when it returns. One call at a time. What it throws may be tried again: nothing is written twice. */
  async append(number: number, entries: readonly AuditEntry[]): Promise<void> {
    return this.#append({ number, name: `${this.#writer}:${number}` }, entries);
  }

  /** The same for what others may be about to write as well, under one name: it is there once. */
  async appendOnce(name: string, entry: AuditEntry): Promise<void> {
    return this.#append({ number: this.nextNumber(), name: `once:${name}` }, [entry]);
  }

  async #append(
    { number, name }: { readonly number: number; readonly name: string },
    entries: readonly AuditEntry[],
  ): Promise<void> {
    for (;;) {
      const previous = (this.#head ??= await this.#newest());
      const bytes = encodeAudit({ v: 1, writer: this.#writer, number, previous, entries: [...entries] });
      try {
        const { seq, duplicate } = await this.#client.publish(AUDIT_STREAM.subject, bytes, {
          msgID: name,
          expect: { lastSequence: previous.sequence },
          timeout: TIMEOUT_MS,
        });
        // One whose answer was lost may have been written after another.
        this.#head = duplicate ? undefined : { sequence: seq, hash: hashOfAudit(bytes) };
        return;
      } catch (cause) {
        this.#head = undefined;
        if (!isLost(cause)) throw unavailable(cause);
        await sleep(Math.random() * LOST_PAUSE_MS_MAX);
      }
    }
  }

  /** For `append`: each number names one message. */
  nextNumber(): number {
    this.#number += 1;
    return this.#number;
  }

  async state(): Promise<AuditState> {
    try {
      const { state, created } = await this.#manager.streams.info(AUDIT_STREAM.name);
      return { first: state.first_seq, last: state.last_seq, created };
    } catch (cause) {
      throw unavailable(cause);
    }
  }

  /** The messages of the sequences that are still there, in their order. */
  async read(sequences: readonly number[]): Promise<StoredAudit[]> {
    const found: StoredAudit[] = [];
    try {
      for (let i = 0; i < sequences.length; i += READS_IN_FLIGHT_MAX) {
        const some = sequences.slice(i, i + READS_IN_FLIGHT_MAX);
        found.push(...(await Promise.all(some.map(async (each) => this.#read(each)))).flatMap((each) => each ?? []));
      }
    } catch (cause) {
      throw unavailable(cause);
    }
    return found;
  }

  async #read(sequence: number): Promise<StoredAudit | undefined> {
    try {
      const message = await this.#manager.streams.getMessage(AUDIT_STREAM.name, { seq: sequence });
      return message === null ? undefined : { sequence, bytes: message.data };
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.NoMessageFound) return undefined;
      throw error;
    }
  }

  /** Where the chain ends. After a message that cannot be read it goes on all the same, and `verify` tells of it. */
  async #newest(): Promise<AuditHead> {
    const { last } = await this.state();
    if (last === 0) return AUDIT_START;
    const [stored] = await this.read([last]);
    return { sequence: last, hash: stored === undefined ? '' : hashIn(stored.bytes) };
  }
}

/** The entries of a message, each by its number; none of one that cannot be read. */
export function entriesIn({ sequence, bytes }: StoredAudit): NumberedAuditEntry[] {
  try {
    return decodeAudit(bytes).message.entries.map((entry, i) => ({ id: `${sequence}.${i}`, ...entry }));
  } catch {
    return [];
  }
}

function hashIn(bytes: Uint8Array): string {
  try {
    return hashOfAudit(bytes);
  } catch {
    return '';
  }
}

function isLost(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamWrongLastSequence;
}

function unavailable(cause: unknown): Failure {
  return new Failure('log_unavailable', 'the audit log cannot be reached', { cause });
}
