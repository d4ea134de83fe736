import { setTimeout as sleep } from 'node:timers/promises';
import { diag, DiagLogLevel, type DiagLogger } from '@opentelemetry/api';
import { getNodeAutoInstrumentations } from '@opentelemetry/auto-instrumentations-node';
import {
  CompositePropagator,
  setGlobalErrorHandler,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { Logger } from '../logging/logger.ts';
import { onFailedExport } from './failed-exports.ts';
import { HeadSampler } from './head-sampler.ts';
import { setTracing } from './spans.ts';

/** A stopping process gives what it has recorded this long to get away. */
const FLUSH_MS_MAX = 2_000;

/**
 * Starts OpenTelemetry's SDK by its own environment variables. Spans leave in batches, in the background; a receiver that
 * is away or slow costs the spans that do not fit the queue, and one line in the log now and then.
 */
export function startTracing({
  service,
  share,
  logger,
}: {
  readonly service: string | undefined;
  /** Of what begins here, that is recorded; undefined: as the SDK's own sampler says. */
  readonly share: number | undefined;
  readonly logger: Logger;
}): void {
  diag.setLogger(linesOf(logger), { logLevel: DiagLogLevel.WARN });
  const sampler = share === undefined ? undefined : new HeadSampler(share);
  setGlobalErrorHandler(onFailedExport(sampler, { logger }));
  const sdk = new NodeSDK({
    ...(sampler !== undefined && { sampler }),
    ...(service !== undefined && { serviceName: service }),
    // The log's and the bus's messages carry these, whatever else is set.
    textMapPropagator: new CompositePropagator({
      propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
    }),
    instrumentations: getNodeAutoInstrumentations({
      // The span of a request that comes in is our own: this one's would cost every request that is not recorded.
      '@opentelemetry/instrumentation-http': {
        disableIncomingRequestInstrumentation: true,
        requireParentforOutgoingSpans: true,
      },
      '@opentelemetry/instrumentation-undici': { requireParentforSpans: true },
      '@opentelemetry/instrumentation-ioredis': { requireParentSpan: true },
    }),
  });
  sdk.start();
  setTracing(sampler, async () => {
    await Promise.race([
      sdk.shutdown().catch((error: unknown) => logger.warn({ err: error }, 'the last spans were not exported')),
      sleep(FLUSH_MS_MAX, undefined, { ref: false }),
    ]);
  });
}

function linesOf(logger: Logger): DiagLogger {
  const line =
    (level: 'warn' | 'debug') =>
    (message: string, ...details: unknown[]): void =>
      logger[level]({ details }, `tracing: ${message}`);
  return { error: line('warn'), warn: line('warn'), info: line('debug'), debug: line('debug'), verbose: line('debug') };
}
