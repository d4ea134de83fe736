import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { correlationIdNow, openSpan, type OpenSpan } from '@vectorizer/telemetry';

/** Whose write it is: its request's correlation id, and where it is in its trace (W3C Trace Context) if that is recorded. */
export type Writer = { readonly correlationId: string | undefined; readonly traceparent: string | undefined };

/** Whose writes an entry carries, for logs and traces: all, or of very many the first. No replica decides by it. */
export type Origin = {
  readonly writers: readonly Writer[];
  /** Not told of, beside these. */
  readonly more: number;
};

/**
 * Of the writers of one entry, so that a log server takes the message: it refuses headers of 64 KiB. It is room for some 350
 * writes that are traced, or 880 that are not.
 */
export const ORIGIN_BYTES_MAX = 32_768;
/** Of an entry of one writer, each by the name that everybody knows it by. Entries of several had them too, but not in pairs. */
const CORRELATION_HEADER = 'X-Correlation-ID';
const TRACE_HEADER = 'traceparent';
/** Of an entry of several: `ID`, `ID;TRACEPARENT` or `;TRACEPARENT` of each. Neither holds what separates them. */
const WRITERS_HEADER = 'X-Vectorizer-Writers';
const MORE_HEADER = 'X-Vectorizer-Writers-More';
const [BETWEEN, WITHIN] = [' ', ';'];

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
export function originHeaders(writes: readonly Writer[]): MsgHdrs {
  const told = headers();
  const writers = distinct(writes);
  if (writers.length > 1) return setWriters(told, writers);
  for (const { correlationId, traceparent } of writers) {
    if (correlationId !== undefined) told.set(CORRELATION_HEADER, correlationId);
    if (traceparent !== undefined) told.set(TRACE_HEADER, traceparent);
  }
  return told;
}

/** Those that are traced come first: if there is no room for all, the traces are whole. */
function distinct(writes: readonly Writer[]): Writer[] {
  const traced: Writer[] = [];
  const named = new Set<string>();
  for (const { correlationId, traceparent } of writes) {
    if (traceparent !== undefined) traced.push({ correlationId, traceparent });
    else if (correlationId !== undefined && correlationId !== '') named.add(correlationId);
  }
  for (const { correlationId } of traced) named.delete(correlationId ?? '');
  return [...traced, ...[...named].map((correlationId) => ({ correlationId, traceparent: undefined }))];
}

function setWriters(told: MsgHdrs, writers: readonly Writer[]): MsgHdrs {
  const texts: string[] = [];
  let left = ORIGIN_BYTES_MAX;
  for (const { correlationId = '', traceparent } of writers) {
    const text = traceparent === undefined ? correlationId : `${correlationId}${WITHIN}${traceparent}`;
    left -= text.length + BETWEEN.length;
    if (left < 0) break;
    texts.push(text);
  }
  told.set(WRITERS_HEADER, texts.join(BETWEEN));
  if (texts.length < writers.length) told.set(MORE_HEADER, String(writers.length - texts.length));
  return told;
}

export function originOf(told: MsgHdrs | undefined): Origin {
  if (told === undefined) return { writers: [], more: 0 };
  const writers = told.get(WRITERS_HEADER);
  if (writers !== '') return { writers: writers.split(BETWEEN).map(writerIn), more: Number(told.get(MORE_HEADER)) };
  return { writers: unpaired(told.values(CORRELATION_HEADER), told.values(TRACE_HEADER)), more: 0 };
}

function writerIn(text: string): Writer {
  const [correlationId = '', traceparent] = text.split(WITHIN);
  return { correlationId: correlationId === '' ? undefined : correlationId, traceparent };
}

/** An entry of one writer; or of several as they were written before there were pairs, where nothing says which id is of which trace. */
function unpaired(ids: readonly string[], traceparents: readonly string[]): Writer[] {
  const only = ids.length === 1 ? ids[0] : undefined;
  const traced = traceparents.map((traceparent) => ({ correlationId: only, traceparent }));
  const named = ids.map((correlationId) => ({ correlationId, traceparent: undefined }));
  return only !== undefined && traced.length > 0 ? traced : [...named, ...traced];
}
