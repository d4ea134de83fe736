export { createLogger, logLevels, type Logger, type LoggerOptions, type LogLevel } from './logger.ts';
export {
  counter,
  defaultMetrics,
  gauge,
  histogram,
  latencyBuckets,
  memoryUsage,
  printMetrics,
  searchStage,
  type HistogramOptions,
  type MetricOptions,
  type Observer,
} from './metrics.ts';
