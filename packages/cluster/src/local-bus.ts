import type { z } from 'zod';
import type {
  AllAnswers,
  Announcement,
  Bus,
  CallContext,
  CallOptions,
  Handler,
  Procedure,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { handledTraced } from './bus-tracing.ts';
import { gather } from './gather.ts';
import { CALLS_IN_FLIGHT_MAX, deadlineExceeded, invalidInput, nobodyServes, tooManyCalls } from './bus-failures.ts';

type AnyHandler = (input: unknown, context: CallContext) => Promise<unknown>;
type Server = { readonly handler: AnyHandler; inFlight: number };

/**
 * The bus within one process: a call is a function call, nothing is encoded or parsed, and an answer is handed over
 * as it is. Receivers must not change what they are given.
 */
export class LocalBus implements Bus {
  readonly #servers = new Map<string, Server>();
  readonly #listeners = new Map<string, Set<(value: unknown) => void>>();

  serve<I extends z.ZodType, O>(procedure: Procedure<I, O>, handler: Handler<I, O>, instance?: string): void {
    const address = addressOf(procedure.name, instance);
    if (this.#servers.has(address)) throw new Error(`${address} is served twice`);
    this.#servers.set(address, { handler: handledTraced(procedure.name, handler as AnyHandler), inFlight: 0 });
  }

  call<I extends z.ZodType, O>(procedure: Procedure<I, O>, input: z.output<I>, options: CallOptions): Promise<O> {
    const address = addressOf(procedure.name, options.instance);
    const server = this.#servers.get(address);
    if (server === undefined) return Promise.reject(nobodyServes(address));
    if (server.inFlight >= CALLS_IN_FLIGHT_MAX) return Promise.reject(tooManyCalls(procedure.name));
    const remainingMs = options.context.deadline - Date.now();
    if (remainingMs <= 0) return Promise.reject(deadlineExceeded(procedure.name));
    return new Promise<O>((resolve, reject) => {
      const timer = setTimeout(() => reject(deadlineExceeded(procedure.name)), remainingMs);
      work(server, input, options.context).then(
        (answer) => {
          clearTimeout(timer);
          resolve(answer as O);
        },
        (error: unknown) => {
          clearTimeout(timer);
          reject(error);
        },
      );
    });
  }

  async callAll<I extends z.ZodType, O>(
    procedure: Procedure<I, O>,
    input: z.output<I>,
    options: Pick<CallOptions, 'context'>,
  ): Promise<AllAnswers<O>> {
    return gather([this.call(procedure, input, options)]);
  }

  announce<V extends z.ZodType>(announcement: Announcement<V>, value: z.output<V>): void {
    const parsed = announcement.value.safeParse(value);
    if (!parsed.success) throw invalidInput(announcement.name, parsed.error);
    for (const listener of this.#listeners.get(announcement.name) ?? []) queueMicrotask(() => listener(parsed.data));
  }

  listen<V extends z.ZodType>(announcement: Announcement<V>, listener: (value: z.output<V>) => void): void {
    const listeners = this.#listeners.get(announcement.name) ?? new Set();
    listeners.add(listener as (value: unknown) => void);
    this.#listeners.set(announcement.name, listeners);
  }

  isSilent(): boolean {
    return false;
  }

  hearingSince(): number {
    return 0;
  }

  close(): Promise<void> {
    this.#servers.clear();
    this.#listeners.clear();
    return Promise.resolve();
  }
}

/** A handler that throws before it makes a promise fails like any other. */
async function work(server: Server, input: unknown, context: CallContext): Promise<unknown> {
  server.inFlight += 1;
  try {
    return await server.handler(input, context);
  } catch (error) {
    throw Failure.from(error);
  } finally {
    server.inFlight -= 1;
  }
}

function addressOf(name: string, instance: string | undefined): string {
  return instance === undefined ? name : `${name}.${instance}`;
}
