import { AsyncLocalStorage } from 'node:async_hooks';
import { context, ROOT_CONTEXT, trace, TraceFlags } from '@opentelemetry/api';

/** Whose request this process is working on, wherever in the code that is; every line that is written meanwhile says so. */
const requests = new AsyncLocalStorage<string>();

/** Runs a part of a request's work, and what comes of it, under its correlation id. */
export function inRequest<T>(correlationId: string, work: () => T): T {
  return requests.run(correlationId, work);
}

/** For what a request starts, but that lives on for all: a loop, a timer, a connection. */
export function outsideRequests<T>(work: () => T): T {
  return requests.exit(() => context.with(ROOT_CONTEXT, work));
}

export function correlationIdNow(): string | undefined {
  return requests.getStore();
}

/** What a line says of the request that it belongs to: its correlation id, and its place in a trace that is recorded. */
export function requestFields(): Record<string, string> {
  const fields: Record<string, string> = {};
  const correlationId = requests.getStore();
  if (correlationId !== undefined) fields['correlation_id'] = correlationId;
  const span = trace.getActiveSpan()?.spanContext();
  if (span === undefined || (span.traceFlags & TraceFlags.SAMPLED) === 0) return fields;
  fields['trace_id'] = span.traceId;
  fields['span_id'] = span.spanId;
  return fields;
}
