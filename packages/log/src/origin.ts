import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { correlationIdNow, openSpan, type OpenSpan } from '@vectorizer/telemetry';

/** Whose writes an entry carries, for logs and traces: some of them, if they are many. No replica decides by it. */
export type Origin = {
  readonly correlationIds: readonly string[];
  /** W3C Trace Context: where these writes are in the traces that are recorded of them. */
  readonly traceparents: readonly string[];
};

/** Told of an entry; of a group commit of more writes the others are not. They travel within the server's max_payload. */
const TOLD_MAX = 32;
const CORRELATION_HEADER = 'X-Correlation-ID';
const TRACE_HEADER = 'traceparent';

/** A write on its way into the log: whose it is, and its span when that is recorded. */
export class WriteOrigin {
  readonly correlationId = correlationIdNow();
  readonly #span: OpenSpan | undefined;

  constructor(about: { readonly subject: string; readonly operations: number }) {
    const attributes = { 'messaging.destination.name': about.subject, 'vectorizer.operations': about.operations };
    this.#span = openSpan({ scope: 'vectorizer/log', name: 'log.append', kind: 'producer', attributes });
  }

  get traceparent(): string | undefined {
    return this.#span?.headers.traceparent;
  }

  logged(sequence: number): void {
    this.#span?.span.setAttribute('vectorizer.sequence', sequence);
    this.#span?.span.end();
  }

  failed(failure: unknown): void {
    this.#span?.fail(failure);
    this.#span?.span.end();
  }
}

/** What a message of the log says of its writes, beside the entry. */
export function originHeaders(writes: readonly WriteOrigin[]): MsgHdrs {
  const told = headers();
  const correlationIds = new Set(writes.flatMap(({ correlationId }) => correlationId ?? []));
  const traceparents = writes.flatMap(({ traceparent }) => traceparent ?? []);
  for (const id of [...correlationIds].slice(0, TOLD_MAX)) told.append(CORRELATION_HEADER, id);
  for (const traceparent of traceparents.slice(0, TOLD_MAX)) told.append(TRACE_HEADER, traceparent);
  return told;
}

export function originOf(told: MsgHdrs | undefined): Origin {
  return {
    correlationIds: told?.values(CORRELATION_HEADER) ?? [],
    traceparents: told?.values(TRACE_HEADER) ?? [],
  };
}
