export {
  createLogger,
  logLevels,
  setLogLevel,
  type Logger,
  type LoggerOptions,
  type LogLevel,
} from './logging/logger.ts';
export { correlationIdNow, inRequest, outsideRequests } from './logging/request-context.ts';
export {
  counter,
  defaultMetrics,
  gauge,
  histogram,
  latencyBuckets,
  memoryUsage,
  printMetrics,
  readMemoryUsage,
  type HistogramOptions,
  type MetricOptions,
} from './metrics.ts';
export { searchStage, series, type Observer, type SeriesSet } from './series.ts';
export {
  continueTrace,
  continueTraces,
  CORRELATION_ID,
  inSpan,
  isRecorded,
  isTracing,
  openSpan,
  openTrace,
  stopTracing,
  tellOfSpan,
  traceHeadersNow,
  type Attributes,
  type OpenSpan,
  type SpanAbout,
  type TraceHeaders,
} from './tracing/spans.ts';
export { shortened } from './logging/redact.ts';
export { oneOf } from './logging/repeats.ts';
export { RecentLines } from './logging/recent-lines.ts';
export { countOf, distributionOf, seriesOf, type Distribution, type Series } from './readings.ts';
