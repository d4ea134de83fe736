import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Link,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { correlationIdNow } from '../logging/request-context.ts';
import { scrub } from '../logging/redact.ts';
import type { HeadSampler } from './head-sampler.ts';

/**
 * Spans of our own. A trace begins where a request or an event comes in (`openTrace`) and goes on through headers; everything
 * else only adds to a trace that is being recorded. So a request that is not, and a process that does not trace, pay for a
 * look at an empty variable.
 */
export type SpanAbout = {
  /** The part that does it; the instrumentation scope. */
  readonly scope: string;
  readonly name: string;
  readonly kind?: keyof typeof KINDS;
  /** A function is only asked when the span is recorded. */
  readonly attributes?: Attributes | (() => Attributes);
};

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** What carries a trace from one process to the next (W3C Trace Context). */
export type TraceHeaders = { readonly traceparent?: string | undefined; readonly tracestate?: string | undefined };

let tracing = false;
let head: HeadSampler | undefined;
let stop: () => Promise<void> = async () => undefined;
/** The SDK finds one by a text that it puts together each time. */
const tracers = new Map<string, Tracer>();

/** Told by whoever has started the SDK. Without a sampler of ours the SDK's decides. */
export function setTracing(sampler: HeadSampler | undefined, shutDown: () => Promise<void>): void {
  tracing = true;
  head = sampler;
  stop = shutDown;
  tracers.clear();
}

/** Sends what is left, within the bound that the SDK was started with. Nothing is recorded any more. */
export async function stopTracing(): Promise<void> {
  tracing = false;
  await stop();
}

/** Whether this process records spans at all. */
export function isTracing(): boolean {
  return tracing;
}

/** Whether what is being done now is a part of a request that is recorded. */
export function isRecorded(): boolean {
  return recordedParent() !== undefined;
}

/**
 * The span of what comes from outside, a request unless said otherwise: sampled here, or as its caller's was. Undefined
 * when it is not recorded; what it would be is not asked then.
 */
export function openTrace(headers: TraceHeaders, describe: () => SpanAbout): OpenSpan | undefined {
  if (!tracing) return undefined;
  const caller = headers.traceparent === undefined ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, headers);
  const place = head === undefined ? caller : head.placeOf(caller);
  if (place === undefined) return undefined;
  const { scope, name, kind = 'server', attributes } = describe();
  const span = tracerOf(scope).startSpan(name, { kind: KINDS[kind] }, place);
  if (!span.isRecording()) return undefined;
  return open(span, place, attributes);
}

/** A part of the work of a request that is recorded, started here and ended by hand. */
export function openSpan(about: SpanAbout): OpenSpan | undefined {
  const parent = recordedParent();
  return parent && start(about, parent);
}

/** A part of the work of a request that is recorded, from the call of `work` until its promise is settled. */
export function inSpan<T>(about: SpanAbout, work: (span?: Span) => Promise<T>): Promise<T> {
  const opened = openSpan(about);
  return opened === undefined ? work() : opened.run(work);
}

/** The same for work that another process asks for. Work that comes without a trace, or one that is not sampled, gets none. */
export function continueTrace<T>(
  about: SpanAbout,
  headers: TraceHeaders,
  work: (span?: Span) => Promise<T>,
): Promise<T> {
  if (!tracing || headers.traceparent === undefined) return work();
  const parent = propagation.extract(ROOT_CONTEXT, headers);
  return isSampled(parent) ? start(about, parent).run(work) : work();
}

/** Says more of the span that is being recorded now; not asked where there is none. */
export function tellOfSpan(attributes: () => Attributes): void {
  const active = recordedParent();
  if (active !== undefined) trace.getSpan(active)?.setAttributes(attributes());
}

/** The place in a trace that is recorded, for the headers of what is sent now. */
export function traceHeadersNow(): TraceHeaders {
  const active = recordedParent();
  return active === undefined ? {} : headersOf(active);
}

/** Who asks for work: its correlation id, and where it is in its trace. */
export type Caller = { readonly correlationId: string | undefined; readonly traceparent: string | undefined };

/**
 * The same for work that is done once for several callers: each whose trace is sampled has a span of it there, under its own
 * correlation id, and all of these are of the same time. The first is linked to every caller, and the others to the first.
 * What is part of the work is in the trace of the caller that is alone, and in none of several.
 */
export async function continueTraces<T>(
  about: SpanAbout,
  callers: readonly Caller[],
  work: () => Promise<T>,
): Promise<T> {
  const [startTime, startMs] = [Date.now(), performance.now()];
  const spans = tracing ? startEach(about, callers, startTime) : [];
  if (spans.length === 0) return work();
  try {
    return await (callers.length === 1 && spans[0] !== undefined ? spans[0].with(work) : work());
  } catch (error) {
    for (const span of spans) span.fail(error);
    throw error;
  } finally {
    const endTime = startTime + performance.now() - startMs;
    for (const { span } of spans) span.end(endTime);
  }
}

function startEach(about: SpanAbout, callers: readonly Caller[], startTime: number): OpenSpan[] {
  const sampled = callers.flatMap(({ correlationId, traceparent }) => {
    if (traceparent === undefined) return [];
    const parent = propagation.extract(ROOT_CONTEXT, { traceparent });
    return isSampled(parent)
      ? [{ parent, named: correlationId === undefined ? {} : { [CORRELATION_ID]: correlationId } }]
      : [];
  });
  const [first, ...others] = sampled;
  if (first === undefined) return [];
  const given = typeof about.attributes === 'function' ? about.attributes() : about.attributes;
  const startOne = ({ parent, named }: typeof first, links: readonly Link[]): OpenSpan =>
    start({ ...about, attributes: { ...given, ...named }, links, startTime }, parent);
  const opened = startOne(
    first,
    sampled.flatMap(({ parent }) => linkTo(parent)),
  );
  const toFirst = [{ context: opened.span.spanContext() }];
  return [opened, ...others.map((other) => startOne(other, toFirst))];
}

function linkTo(place: Context): Link[] {
  const found = trace.getSpanContext(place);
  return found === undefined ? [] : [{ context: found }];
}

/** A span that is under way, and the context in which its parts are found. */
export class OpenSpan {
  readonly span: Span;
  readonly #context: Context;

  constructor(span: Span, within: Context) {
    this.span = span;
    this.#context = within;
  }

  get headers(): TraceHeaders {
    return headersOf(this.#context);
  }

  /** Runs something as a part of it. */
  with<T>(work: () => T): T {
    return context.with(this.#context, work);
  }

  /** Runs the whole of it. */
  async run<T>(work: (span: Span) => Promise<T>): Promise<T> {
    try {
      return await context.with(this.#context, work, undefined, this.span);
    } catch (error) {
      this.fail(error);
      throw error;
    } finally {
      this.span.end();
    }
  }

  /** A fault of a client's is told, but is no error of the span. */
  fail(error: unknown): void {
    const { type, http } = error as { readonly type?: unknown; readonly http?: unknown };
    this.span.setAttribute('error.type', typeof type === 'string' ? type : nameOf(error));
    if (typeof http === 'number' && http < 500) return;
    this.span.setStatus({ code: SpanStatusCode.ERROR, message: scrub(error instanceof Error ? error.message : '') });
  }
}

type Started = SpanAbout & { readonly links?: readonly Link[]; readonly startTime?: number };

function start(
  { scope, name, kind = 'internal', attributes, links = [], startTime }: Started,
  parent: Context,
): OpenSpan {
  // Without a time of ours it measures more finely.
  const time = startTime === undefined ? {} : { startTime };
  const options = { kind: KINDS[kind], links: [...links], ...time };
  return open(tracerOf(scope).startSpan(name, options, parent), parent, attributes);
}

function open(span: Span, parent: Context, given: SpanAbout['attributes'] = {}): OpenSpan {
  span.setAttributes(typeof given === 'function' ? given() : given);
  const correlationId = correlationIdNow();
  if (correlationId !== undefined) span.setAttribute(CORRELATION_ID, correlationId);
  return new OpenSpan(span, trace.setSpan(parent, span));
}

/** By which a request's spans are found in a tracing backend. */
export const CORRELATION_ID = 'vectorizer.correlation_id';

function tracerOf(scope: string): Tracer {
  const known = tracers.get(scope);
  if (known !== undefined) return known;
  const tracer = trace.getTracer(scope);
  tracers.set(scope, tracer);
  return tracer;
}

function recordedParent(): Context | undefined {
  if (!tracing) return undefined;
  const active = context.active();
  return trace.getSpan(active)?.isRecording() === true ? active : undefined;
}

function isSampled(of: Context): boolean {
  const found = trace.getSpanContext(of);
  return found !== undefined && (found.traceFlags & TraceFlags.SAMPLED) !== 0;
}

function headersOf(of: Context): TraceHeaders {
  const headers: { traceparent?: string; tracestate?: string } = {};
  propagation.inject(of, headers);
  return headers;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
