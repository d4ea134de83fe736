import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { errors, headers, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { Packr } from 'msgpackr';
import type { z } from 'zod';
import {
  subjects,
  type AllAnswers,
  type Announcement,
  type Bus,
  type CallContext,
  type CallOptions,
  type Handler,
  type Procedure,
} from '@vectorizer/contracts';
import { Failure, type WireFailure } from '@vectorizer/errors';
import { continueTrace, inRequest, inSpan, isRecorded, traceHeadersNow, type Logger } from '@vectorizer/telemetry';
import { askAny, AskElsewhere } from './ask-any.ts';
import {
  CALLS_IN_FLIGHT_MAX,
  connectionLost,
  deadlineExceeded,
  invalidInput,
  nobodyServes,
  tooManyCalls,
} from './bus-failures.ts';
import { setTrace, spanOf, traceOf } from './bus-tracing.ts';
import { ConnectionWatch } from './connection-watch.ts';
import { gather } from './gather.ts';
import { NamedProcesses } from './named-processes.ts';
import { presence } from './presence.ts';
import { Pulse } from './pulse.ts';
import { ServiceDirectory } from './service-directory.ts';

/** A stopping process waits this long for the calls that it still works on; their callers ask elsewhere after that. */
const CLOSE_MS_MAX = 5_000;
const CLOSE_POLL_MS = 5;
/** One of the servers of an address that is not an instance's gets each call. */
const QUEUE_GROUP = 'vz';
const CORRELATION_HEADER = 'X-Correlation-ID';
/** Milliseconds that are left, not a time of day: the clocks of two machines differ. */
const REMAINING_HEADER = 'X-Remaining-Ms';

/** `elsewhere`: it was not worked on, and another may be asked. */
type Reply = { readonly ok: unknown } | { readonly failure: WireFailure } | { readonly elsewhere: string };
type OpenCall = { readonly name: string; readonly bytes: Uint8Array; readonly context: CallContext };
type Served = {
  readonly procedure: { readonly name: string };
  readonly answer: (message: Msg) => void;
  /** Others serve it as well. */
  readonly ofMany: boolean;
};

/** `moreTypes` keeps a Float32Array a Float32Array; without records, any MessagePack reader understands a frame. */
const packr = new Packr({ moreTypes: true, useRecords: false });

/** The bus between processes: NATS request/reply with MessagePack frames. Inputs are parsed at the receiving door. */
export class NatsBus implements Bus {
  readonly #connection: NatsConnection;
  readonly #logger: Logger;
  readonly #watch: ConnectionWatch;
  readonly #pulse: Pulse;
  readonly #instance = randomUUID();
  readonly #subscriptions: Subscription[] = [];
  /** What this process serves as others do. */
  readonly #serves: string[] = [];
  /** Under which it serves what is its own. */
  readonly #names = new Set<string>();
  /** Who else does either, once this process has called one. */
  #others: { readonly services: ServiceDirectory; readonly named: NamedProcesses } | undefined;
  #hearingSince = performance.now();
  /** While what arrives may have lain waiting for this process to go on. */
  #stale = false;
  #life = 0;
  #leaving = false;
  #inFlight = 0;

  constructor(parts: { readonly connection: NatsConnection; readonly logger: Logger }) {
    this.#connection = parts.connection;
    this.#logger = parts.logger;
    this.#watch = new ConnectionWatch(parts.connection, () => this.#cameBack());
    this.#pulse = new Pulse({ beat: () => this.#beat(), stalled: () => void this.#refuseStale() });
  }

  serve<I extends z.ZodType, O>(procedure: Procedure<I, O>, handler: Handler<I, O>, instance?: string): void {
    const served: Served = {
      procedure,
      answer: (message) => void this.#answer(procedure, handler, message),
      ofMany: instance === undefined,
    };
    this.#subscribe(subjects.procedure(procedure.name, instance ?? this.#instance), served);
    if (instance !== undefined) {
      if (this.#names.has(instance)) return;
      this.#names.add(instance);
      this.#beat();
      return;
    }
    this.#subscribe(subjects.procedure(procedure.name), served, QUEUE_GROUP);
    this.#serves.push(procedure.name);
    this.#beat();
  }

  async call<I extends z.ZodType, O>(procedure: Procedure<I, O>, input: z.output<I>, options: CallOptions): Promise<O> {
    if (options.context.deadline <= Date.now()) throw deadlineExceeded(procedure.name);
    const call = { name: procedure.name, bytes: packr.pack(input), context: options.context };
    const ask = async (): Promise<O> => this.#call(call, options.instance);
    return isRecorded() ? inSpan(spanOf(procedure.name, 'client'), ask) : ask();
  }

  async callAll<I extends z.ZodType, O>(
    procedure: Procedure<I, O>,
    input: z.output<I>,
    { context }: Pick<CallOptions, 'context'>,
  ): Promise<AllAnswers<O>> {
    const directory = this.#knownOthers().services;
    await directory.settled(context.deadline);
    const instances = directory.all(procedure.name);
    return gather(instances.map((instance) => this.call(procedure, input, { context, instance })));
  }

  isSilent(instance: string): boolean {
    return this.#knownOthers().named.isSilent(instance);
  }

  hearingSince(): number {
    return this.#stale ? performance.now() : Math.max(this.#hearingSince, this.#watch.since);
  }

  async #call<O>(call: OpenCall, instance: string | undefined): Promise<O> {
    if (instance !== undefined) return (await this.#askOne(call, instance)) as O;
    const { name, context } = call;
    return askAny({
      name,
      deadline: context.deadline,
      directory: this.#knownOthers().services,
      ask: async (to) => (await this.#ask(call, to)) as O,
    });
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
    this.#leaving = true;
    this.#beat();
    this.#pulse.stop();
    await Promise.all(this.#subscriptions.map((subscription) => subscription.drain()));
    const deadline = Date.now() + CLOSE_MS_MAX;
    while (this.#inFlight > 0 && Date.now() < deadline) await sleep(CLOSE_POLL_MS);
  }

  #cameBack(): void {
    this.#life += 1;
    this.#beat();
  }

  #beat(): void {
    if (this.#serves.length + this.#names.size === 0 || this.#connection.isClosed()) return;
    this.announce(presence, {
      instance: this.#instance,
      serves: this.#serves,
      names: [...this.#names],
      life: this.#life,
      leaving: this.#leaving,
    });
  }

  /** What was sent before the answer to this arrives may be stale; what comes after it is not. */
  async #refuseStale(): Promise<void> {
    if (this.#stale) return;
    this.#stale = true;
    // When the connection breaks instead, what lay in it is gone.
    await this.#connection.flush().catch(() => undefined);
    this.#stale = false;
    this.#hearingSince = performance.now();
  }

  #knownOthers(): { readonly services: ServiceDirectory; readonly named: NamedProcesses } {
    if (this.#others !== undefined) return this.#others;
    const hearingSince = (): number => this.hearingSince();
    const services = new ServiceDirectory(hearingSince);
    const named = new NamedProcesses(hearingSince);
    this.#others = { services, named };
    this.listen(presence, (said) => {
      services.hear(said);
      named.hear(said);
    });
    return this.#others;
  }

  #subscribe(subject: string, { answer, procedure, ofMany }: Served, queue?: string): void {
    const subscription = this.#connection.subscribe(subject, {
      ...(queue === undefined ? {} : { queue }),
      callback: (error, message) => {
        if (error) {
          this.#logger.error({ err: error, subject }, 'subscription failed');
          return;
        }
        this.#pulse.feel();
        // Its caller has asked another meanwhile. Of one that only this process can answer it may still be waiting.
        if (ofMany && this.#stale) this.#respond(message, { elsewhere: procedure.name });
        else answer(message);
      },
    });
    this.#subscriptions.push(subscription);
  }

  /** Asks an instance until it answers, however often the connection breaks, at this end or at its own. */
  async #askOne(call: OpenCall, instance: string): Promise<unknown> {
    const { named } = this.#knownOthers();
    const lost = (): AskElsewhere => new AskElsewhere(connectionLost(call.name));
    for (;;) {
      try {
        return await named.unlessReborn(instance, this.#ask(call, instance), lost);
      } catch (error) {
        if (!(error instanceof AskElsewhere)) throw error;
        if (error.gone || Date.now() >= call.context.deadline) throw error.failure;
      }
    }
  }

  async #ask({ name, bytes, context }: OpenCall, instance: string | undefined): Promise<unknown> {
    await this.#watch.whenUp(context.deadline - Date.now());
    const timeout = context.deadline - Date.now();
    if (timeout <= 0) throw deadlineExceeded(name);
    const header = headers();
    header.set(CORRELATION_HEADER, context.correlationId);
    header.set(REMAINING_HEADER, String(timeout));
    if (isRecorded()) setTrace(header, traceHeadersNow());
    let message: Msg;
    try {
      const request = this.#connection.request(subjects.procedure(name, instance), bytes, { timeout, headers: header });
      message = await this.#watch.unlessLost(request, () => new AskElsewhere(connectionLost(name)));
    } catch (cause) {
      throw cause instanceof AskElsewhere ? cause : callFailure(name, cause);
    }
    const reply = packr.unpack(message.data) as Reply;
    if ('elsewhere' in reply) throw new AskElsewhere(nobodyServes(name));
    if ('failure' in reply) throw Failure.fromWire(reply.failure);
    return reply.ok;
  }

  async #answer<I extends z.ZodType, O>(
    procedure: Procedure<I, O>,
    handler: Handler<I, O>,
    message: Msg,
  ): Promise<void> {
    const context = contextOf(message);
    this.#inFlight += 1;
    const work = async (): Promise<O> => this.#work(procedure, handler, { message, context });
    const reply = await inRequest(context.correlationId, async () =>
      continueTrace(spanOf(procedure.name, 'server'), traceOf(message.headers), work),
    ).then(
      (ok): Reply => ({ ok }),
      (error: unknown): Reply => ({ failure: Failure.from(error).toWire() }),
    );
    this.#inFlight -= 1;
    this.#respond(message, reply);
  }

  /** Writes its lines while it is known whose call it is. */
  async #work<I extends z.ZodType, O>(
    procedure: Procedure<I, O>,
    handler: Handler<I, O>,
    call: { readonly message: Msg; readonly context: CallContext },
  ): Promise<O> {
    const start = performance.now();
    let outcome = 'ok';
    try {
      return await this.#handle(procedure, handler, call);
    } catch (error) {
      const failure = this.#failureOf(error, procedure.name);
      outcome = failure.type;
      throw failure;
    } finally {
      if (this.#logger.isLevelEnabled('debug')) {
        const ms = Math.round((performance.now() - start) * 1_000) / 1_000;
        this.#logger.debug({ procedure: procedure.name, outcome, ms }, 'call');
      }
    }
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

  #failureOf(error: unknown, procedure: string): Failure {
    const failure = Failure.from(error);
    // Its caller hears of no cause.
    if (failure.http === 500) this.#logger.error({ err: failure, procedure }, 'call failed');
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

function callFailure(name: string, cause: unknown): Failure | AskElsewhere {
  const nobody = cause instanceof errors.NoRespondersError;
  if (nobody || (cause instanceof errors.RequestError && cause.isNoResponders()))
    return new AskElsewhere(nobodyServes(name, cause), true);
  if (cause instanceof errors.TimeoutError) return deadlineExceeded(name, cause);
  return new Failure('service_unavailable', `${name} cannot be reached`, { cause });
}
