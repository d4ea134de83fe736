import type { TakenEvent } from '@vectorizer/cluster';
import { headerOf } from '@vectorizer/contracts';
import { openTrace } from '@vectorizer/telemetry';

/** Does something as a part of the trace that an event's producer began; one that brings none begins here, as a request's. */
export async function inTraceOf<T>(event: TakenEvent, work: () => Promise<T>): Promise<T> {
  const traceparent = headerOf(event, 'traceparent');
  const tracestate = headerOf(event, 'tracestate');
  const span = openTrace({ traceparent, tracestate }, () => ({
    scope: 'vectorizer/events',
    name: 'event.write',
    kind: 'consumer',
    attributes: { 'messaging.destination.name': event.subject, 'vectorizer.event': event.sequence },
  }));
  return span === undefined ? work() : span.run(work);
}
