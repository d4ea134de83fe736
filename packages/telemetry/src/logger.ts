import { pino, stdTimeFunctions, type DestinationStream, type Logger as PinoLogger } from 'pino';

/** What every part logs through. Child loggers carry fixed fields; a correlation id goes in each line's object. */
export type Logger = PinoLogger;

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export type LoggerOptions = {
  readonly service: string;
  readonly level: LogLevel;
  /** Where lines go; standard output unless given. */
  readonly destination?: DestinationStream;
};

/** One JSON object per line: `time` (ISO 8601), `level` (its name), `service`, `msg`, and what the line adds. */
export function createLogger(options: LoggerOptions): Logger {
  const settings = {
    level: options.level,
    base: { service: options.service },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    // `err` is pino's own name for an error; without this an `error` field would print as {}.
    serializers: { error: pino.stdSerializers.err },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}
