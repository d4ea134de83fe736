import type { MsgHdrs } from '@nats-io/transport-node';
import type { CallContext } from '@vectorizer/contracts';
import {
  correlationIdNow,
  inRequest,
  inSpan,
  isRecorded,
  isTracing,
  type SpanAbout,
  type TraceHeaders,
} from '@vectorizer/telemetry';

/** How a call shows in a trace, at the end that makes it and at the end that answers it. */
export function spanOf(procedure: string, kind: 'client' | 'server' | 'internal'): SpanAbout {
  return { scope: 'vectorizer/bus', name: procedure, kind };
}

export function setTrace(headers: MsgHdrs, { traceparent, tracestate }: TraceHeaders): void {
  if (traceparent !== undefined) headers.set('traceparent', traceparent);
  if (tracestate !== undefined) headers.set('tracestate', tracestate);
}

export function traceOf(headers: MsgHdrs | undefined): TraceHeaders {
  if (headers === undefined || !isTracing()) return {};
  const [traceparent, tracestate] = [headers.get('traceparent'), headers.get('tracestate')];
  return { ...(traceparent !== '' && { traceparent }), ...(tracestate !== '' && { tracestate }) };
}

type AnyHandler = (input: unknown, context: CallContext) => Promise<unknown>;

/** A handler whose callers are in the same process: the call is one span, and what it does is done in its caller's name. */
export function handledTraced(procedure: string, handler: AnyHandler): AnyHandler {
  const about = spanOf(procedure, 'internal');
  return async (input, context) => {
    const isNamed = correlationIdNow() === context.correlationId;
    // As nearly always: each promise on the way costs a search a little.
    if (isNamed && !isRecorded()) return handler(input, context);
    const traced = async (): Promise<unknown> => inSpan(about, async () => handler(input, context));
    return isNamed ? traced() : inRequest(context.correlationId, traced);
  };
}
