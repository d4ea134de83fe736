import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';

/** A span as it came in, with what tells where it is from. */
export type ReceivedSpan = {
  readonly service: string;
  readonly instance: string;
  readonly scope: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly failed: boolean;
  /** Nanoseconds since 1970, which are too many for a number. */
  readonly startNs: string;
  readonly endNs: string;
};

/** Takes spans as a collector does: OTLP over HTTP, in JSON. */
export type OtlpReceiver = AsyncDisposable & {
  readonly url: string;
  /** All that have come so far. */
  readonly spans: readonly ReceivedSpan[];
  /** What a service's environment needs to send all of its spans here, and soon. */
  readonly environment: Readonly<Record<string, string>>;
};

/** One that `hangs` takes what is sent and never answers. */
export async function startOtlpReceiver({ hangs = false } = {}): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const server = createServer((request, response) => {
    if (hangs) request.resume();
    else {
      void json(request).then((body) => {
        spans.push(...spansIn(body as Export));
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return {
    url,
    spans,
    environment: {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_TRACES_SAMPLER: 'always_on',
      OTEL_BSP_SCHEDULE_DELAY: '50',
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

type Value = { readonly stringValue?: string; readonly intValue?: number | string; readonly boolValue?: boolean };
type Attributes = readonly { readonly key: string; readonly value: Value & { readonly doubleValue?: number } }[];
type Span = Omit<
  ReceivedSpan,
  'service' | 'instance' | 'scope' | 'attributes' | 'links' | 'failed' | 'parentSpanId' | 'startNs' | 'endNs'
> & {
  readonly parentSpanId?: string;
  readonly attributes?: Attributes;
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status?: { readonly code?: number };
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
};
type Export = {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Attributes };
    readonly scopeSpans: readonly { readonly scope: { readonly name: string }; readonly spans: readonly Span[] }[];
  }[];
};

/** As the protocol numbers it. */
const STATUS_ERROR = 2;

function spansIn({ resourceSpans }: Export): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const about = valuesOf(resource.attributes);
    return scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => ({
        service: String(about['service.name']),
        instance: String(about['service.instance.id']),
        scope: scope.name,
        name: span.name,
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        attributes: valuesOf(span.attributes ?? []),
        links: (span.links ?? []).map(({ traceId, spanId }) => ({ traceId, spanId })),
        failed: span.status?.code === STATUS_ERROR,
        startNs: span.startTimeUnixNano,
        endNs: span.endTimeUnixNano,
      })),
    );
  });
}

function valuesOf(attributes: Attributes): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ??
        value.boolValue ??
        value.doubleValue ??
        (value.intValue === undefined ? null : Number(value.intValue)),
    ]),
  );
}
