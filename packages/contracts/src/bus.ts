import type { z } from 'zod';

/** Travels with every call: who asks (for logs and traces) and until when an answer is of use (epoch milliseconds). */
export type CallContext = {
  readonly correlationId: string;
  readonly deadline: number;
};

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
  announce<V extends z.ZodType>(announcement: Announcement<V>, value: z.output<V>): void;
  listen<V extends z.ZodType>(announcement: Announcement<V>, listener: (value: z.output<V>) => void): void;
  /**
   * Since when (`performance.now()`) this process hears what is announced without a gap: it was cut off, or stood still,
   * before. Silence until then was its own.
   */
  hearingSince(): number;
  close(): Promise<void>;
}

export type CallOptions = { readonly context: CallContext; readonly instance?: string };

/** Declares a procedure; the output type is given, the input type inferred. */
export function procedure<Output>() {
  return <Input extends z.ZodType>(name: string, input: Input): Procedure<Input, Output> => ({ name, input });
}
