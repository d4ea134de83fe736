import type { z } from 'zod';

/** Travels with every call: who asks (for logs and traces) and until when an answer is of use (epoch milliseconds). */
export type CallContext = {
  readonly correlationId: string;
  readonly deadline: number;
};

/** Kept for an answer's way back: this much, or a quarter of the time that is left if that is less. */
const WAY_BACK_MS_MAX = 50;
const WAY_BACK_SHARE = 0.25;

/** By when an answer must be on its way, so that its caller hears why rather than running out of time itself. */
export function answerBy(deadline: number): number {
  const leftMs = Math.max(0, deadline - Date.now());
  return deadline - Math.min(WAY_BACK_MS_MAX, leftMs * WAY_BACK_SHARE);
}

/** The context of calls that an answer waits for. */
export function withTimeToAnswer(context: CallContext): CallContext {
  return { ...context, deadline: answerBy(context.deadline) };
}

/** One request/reply between services: where it goes and what it carries. Inputs are parsed at the receiving door. */
export type Procedure<Input extends z.ZodType, Output> = {
  readonly name: string;
  readonly input: Input;
  /** Only carries the type; answers of our own services are not validated. */
  readonly output?: Output;
};

/** One message to all who listen. */
export type Announcement<Value extends z.ZodType> = { readonly name: string; readonly value: Value };

export type Handler<Input extends z.ZodType, Output> = (
  input: z.output<Input>,
  context: CallContext,
) => Promise<Output>;

/**
 * How services reach each other: over NATS between processes, by a plain function call within one.
 * `instance` addresses one of several servers of a procedure (an index node); without it any one may answer. A call may
 * arrive twice, when its first receiver was lost or its answer was: handlers must stand that.
 */
export interface Bus {
  serve<I extends z.ZodType, O>(procedure: Procedure<I, O>, handler: Handler<I, O>, instance?: string): void;
  /** Throws the handler's Failure; `service_unavailable` when nobody serves it, `deadline_exceeded` when time is up. */
  call<I extends z.ZodType, O>(procedure: Procedure<I, O>, input: z.output<I>, options: CallOptions): Promise<O>;
  /**
   * Asks every process that serves a procedure which several may serve. Those that do not answer in time, or fail, are
   * counted; those that have been silent for a second are not asked.
   */
  callAll<I extends z.ZodType, O>(
    procedure: Procedure<I, O>,
    input: z.output<I>,
    options: Pick<CallOptions, 'context'>,
  ): Promise<AllAnswers<O>>;
  announce<V extends z.ZodType>(announcement: Announcement<V>, value: z.output<V>): void;
  listen<V extends z.ZodType>(announcement: Announcement<V>, listener: (value: z.output<V>) => void): void;
  /**
   * Whether the process that serves under this name has been silent for so long that it may be gone, or stand still: it tells
   * that it is there several times a second. False of one that was never heard.
   */
  isSilent(instance: string): boolean;
  /**
   * Since when (`performance.now()`) this process hears what is announced without a gap: it was cut off, or stood still,
   * before. Silence until then was its own.
   */
  hearingSince(): number;
  close(): Promise<void>;
}

export type AllAnswers<O> = { readonly answers: readonly O[]; readonly unanswered: number };

export type CallOptions = { readonly context: CallContext; readonly instance?: string };

/** Declares a procedure; the output type is given, the input type inferred. */
export function procedure<Output>() {
  return <Input extends z.ZodType>(name: string, input: Input): Procedure<Input, Output> => ({ name, input });
}
