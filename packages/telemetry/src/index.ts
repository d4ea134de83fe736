export { createLogger, logLevels, type Logger, type LoggerOptions, type LogLevel } from './logger.ts';
export {
  counter,
  defaultMetrics,
  gauge,
  histogram,
  latencyBuckets,
  printMetrics,
  type HistogramOptions,
  type MetricOptions,
} from './metrics.ts';
