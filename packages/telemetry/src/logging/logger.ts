import { pino, stdTimeFunctions, type DestinationStream, type LogFn, type Logger as PinoLogger } from 'pino';
import type { RecentLines } from './recent-lines.ts';
import { redact, scrub, shortened } from './redact.ts';
import { identityOf, kindOf, lasting, Repeats } from './repeats.ts';
import { requestFields } from './request-context.ts';

/** What every part logs through. Child loggers carry fixed fields; whose request a line belongs to is added by itself. */
export type Logger = PinoLogger;

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export type LoggerOptions = {
  readonly service: string;
  readonly level: LogLevel;
  /** Where lines go; standard output unless given. */
  readonly destination?: DestinationStream;
  /** What remembers those that belong to requests. */
  readonly recent?: RecentLines;
};

/** As pino numbers them. Lines that warn are counted instead of written when they repeat themselves, others where they say so. */
const INFO = 30;
const WARN = 40;
const ERROR = 50;

/**
 * One JSON object per line: `time` (ISO 8601), `level` (its name), `service`, `msg`, what the line adds, and of a request
 * its `correlation_id`, `trace_id` and `span_id`. Secrets and vectors are kept out. A level that is set later
 * (`setLogLevel`) holds for its children too.
 */
export function createLogger(options: LoggerOptions): Logger {
  const repeats = new Repeats();
  const settings = {
    level: options.level,
    base: { service: options.service },
    timestamp: stdTimeFunctions.isoTime,
    mixin: requestFields,
    formatters: { level: (label: string) => ({ level: label }), log: redact },
    // They have been taken apart when a serializer is asked.
    serializers: { err: (error: unknown) => error },
    hooks: {
      // eslint-disable-next-line max-params -- pino's own
      logMethod(this: Logger, given: Parameters<LogFn>, method: LogFn, level: number): void {
        const args = given.map((each: unknown) => (typeof each === 'string' ? shortened(each) : each)) as typeof given;
        const kind = level === INFO ? kindOf(args[0]) : undefined;
        if (kind === undefined && level !== WARN && level !== ERROR) method.apply(this, args);
        else writeOnce({ logger: this, repeats, level, kind }, args, method);
      },
      streamWrite: (line: string) => {
        const scrubbed = scrub(line);
        options.recent?.add(scrubbed);
        return scrubbed;
      },
    },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}

/** From here on, for the logger and all its children. */
export function setLogLevel(logger: Logger, level: LogLevel): void {
  logger.level = level;
}

type Line = {
  readonly logger: Logger;
  readonly repeats: Repeats;
  readonly level: number;
  readonly kind: string | undefined;
};

function writeOnce({ logger, repeats, level, kind }: Line, args: Parameters<LogFn>, method: LogFn): void {
  const [first, second]: readonly unknown[] = args;
  const fields = typeof first === 'string' ? {} : first;
  const message = [first, second].find((each) => typeof each === 'string') ?? 'the same again';
  const writeCount = (suppressed: number): void => {
    method.call(logger, { ...lasting(fields), suppressed }, kind ?? message);
  };
  const identity = kind ?? identityOf({ ...logger.bindings(), level }, fields, message);
  if (repeats.admit(identity, writeCount)) method.apply(logger, args);
}
