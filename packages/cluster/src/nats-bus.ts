import { setTimeout as sleep } from 'node:timers/promises';
import { errors, headers, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { Packr } from 'msgpackr';
import type { z } from 'zod';
import {
  subjects,
  type Announcement,
  type Bus,
  type CallContext,
  type CallOptions,
  type Handler,
  type Procedure,
} from '@vectorizer/contracts';
import { Failure, type WireFailure } from '@vectorizer/errors';
import type { Logger } from '@vectorizer/telemetry';
import { CALLS_IN_FLIGHT_MAX, deadlineExceeded, invalidInput, nobodyServes, tooManyCalls } from './bus-failures.ts';

/** A stopping process waits this long for the calls that it still works on; their callers ask elsewhere after that. */
const CLOSE_MS_MAX = 5_000;
const CLOSE_POLL_MS = 5;
/** One of the servers of an address that is not an instance's gets each call. */
const QUEUE_GROUP = 'vz';
const CORRELATION_HEADER = 'X-Correlation-ID';
/** Milliseconds that are left, not a time of day: the clocks of two machines differ. */
const REMAINING_HEADER = 'X-Remaining-Ms';

type Reply = { readonly ok: unknown } | { readonly failure: WireFailure };

/** `moreTypes` keeps a Float32Array a Float32Array; without records, any MessagePack reader understands a frame. */
const packr = new Packr({ moreTypes: true, useRecords: false });

/** The bus between processes: NATS request/reply with MessagePack frames. Inputs are parsed at the receiving door. */
export class NatsBus implements Bus {
  readonly #connection: NatsConnection;
  readonly #logger: Logger;
  readonly #subscriptions: Subscription[] = [];
  #inFlight = 0;

  constructor(parts: { readonly connection: NatsConnection; readonly logger: Logger }) {
    this.#connection = parts.connection;
    this.#logger = parts.logger;
  }

  serve<I extends z.ZodType, O>(procedure: Procedure<I, O>, handler: Handler<I, O>, instance?: string): void {
    const subject = subjects.procedure(procedure.name, instance);
    const subscription = this.#connection.subscribe(subject, {
      ...(instance === undefined ? { queue: QUEUE_GROUP } : {}),
      callback: (error, message) => {
        if (error) this.#logger.error({ err: error, subject }, 'subscription failed');
        else void this.#answer(procedure, handler, message);
      },
    });
    this.#subscriptions.push(subscription);
  }

  async call<I extends z.ZodType, O>(procedure: Procedure<I, O>, input: z.output<I>, options: CallOptions): Promise<O> {
    const subject = subjects.procedure(procedure.name, options.instance);
    const remainingMs = options.context.deadline - Date.now();
    if (remainingMs <= 0) throw deadlineExceeded(procedure.name);
    const header = headers();
    header.set(CORRELATION_HEADER, options.context.correlationId);
    header.set(REMAINING_HEADER, String(remainingMs));
    let message: Msg;
    try {
      message = await this.#connection.request(subject, packr.pack(input), { timeout: remainingMs, headers: header });
    } catch (cause) {
      throw callFailure(procedure.name, cause);
    }
    const reply = packr.unpack(message.data) as Reply;
    if ('failure' in reply) throw Failure.fromWire(reply.failure);
    return reply.ok as O;
  }

  announce<V extends z.ZodType>(announcement: Announcement<V>, value: z.output<V>): void {
    this.#connection.publish(subjects.announcement(announcement.name), packr.pack(value));
  }

  listen<V extends z.ZodType>(announcement: Announcement<V>, listener: (value: z.output<V>) => void): void {
    const subscription = this.#connection.subscribe(subjects.announcement(announcement.name), {
      callback: (error, message) => {
        const parsed = error ?? announcement.value.safeParse(unpackOrUndefined(message.data));
        if (parsed instanceof Error) this.#logger.error({ err: parsed }, 'subscription failed');
        else if (parsed.success) listener(parsed.data);
        else
          this.#logger.warn({ announcement: announcement.name, err: parsed.error }, 'announcement dropped: malformed');
      },
    });
    this.#subscriptions.push(subscription);
  }

  /** Takes no more calls, and returns when those that run are answered, or have had time enough. */
  async close(): Promise<void> {
    await Promise.all(this.#subscriptions.map((subscription) => subscription.drain()));
    const deadline = Date.now() + CLOSE_MS_MAX;
    while (this.#inFlight > 0 && Date.now() < deadline) await sleep(CLOSE_POLL_MS);
  }

  async #answer<I extends z.ZodType, O>(
    procedure: Procedure<I, O>,
    handler: Handler<I, O>,
    message: Msg,
  ): Promise<void> {
    const context = contextOf(message);
    const start = performance.now();
    this.#inFlight += 1;
    const reply = await this.#handle(procedure, handler, { message, context }).then(
      (ok): Reply => ({ ok }),
      (error: unknown): Reply => ({ failure: this.#failureOf(error, procedure.name, context).toWire() }),
    );
    this.#inFlight -= 1;
    if (this.#logger.isLevelEnabled('debug')) {
      const outcome = 'failure' in reply ? reply.failure.type : 'ok';
      const ms = Math.round((performance.now() - start) * 1_000) / 1_000;
      const line = { correlation_id: context.correlationId, procedure: procedure.name, outcome, ms };
      this.#logger.debug(line, 'call');
    }
    this.#respond(message, reply);
  }

  async #handle<I extends z.ZodType, O>(
    procedure: Procedure<I, O>,
    handler: Handler<I, O>,
    { message, context }: { readonly message: Msg; readonly context: CallContext },
  ): Promise<O> {
    if (this.#inFlight > CALLS_IN_FLIGHT_MAX) throw tooManyCalls(procedure.name);
    const parsed = procedure.input.safeParse(unpackOrUndefined(message.data));
    if (!parsed.success) throw invalidInput(procedure.name, parsed.error);
    return handler(parsed.data, context);
  }

  #failureOf(error: unknown, procedure: string, { correlationId }: CallContext): Failure {
    const failure = Failure.from(error);
    if (failure.type === 'internal_error') {
      const line = { err: failure.cause ?? failure, correlation_id: correlationId, procedure };
      this.#logger.error(line, 'call failed');
    }
    return failure;
  }

  #respond(message: Msg, reply: Reply): void {
    const bytes = packr.pack(reply);
    const bytesMax = this.#connection.info?.max_payload ?? 1_048_576;
    if (bytes.byteLength <= bytesMax) {
      message.respond(bytes);
      return;
    }
    const failure = new Failure(
      'payload_too_large',
      `the answer takes ${bytes.byteLength} bytes, at most ${bytesMax} fit; ask for less at once`,
    );
    message.respond(packr.pack({ failure: failure.toWire() } satisfies Reply));
  }
}

function contextOf(message: Msg): CallContext {
  const remainingMs = Number(message.headers?.get(REMAINING_HEADER) ?? 0);
  return {
    correlationId: message.headers?.get(CORRELATION_HEADER) ?? '',
    deadline: Date.now() + (Number.isFinite(remainingMs) ? remainingMs : 0),
  };
}

/** Undefined for bytes that are no MessagePack: no schema of ours accepts it, so the door refuses it as malformed. */
function unpackOrUndefined(bytes: Uint8Array): unknown {
  try {
    return packr.unpack(bytes);
  } catch {
    return undefined;
  }
}

function callFailure(name: string, cause: unknown): Failure {
  if (cause instanceof errors.NoRespondersError) return nobodyServes(name, cause);
  if (cause instanceof errors.RequestError && cause.isNoResponders()) return nobodyServes(name, cause);
  if (cause instanceof errors.TimeoutError) return deadlineExceeded(name, cause);
  return new Failure('service_unavailable', `${name} cannot be reached`, { cause });
}
