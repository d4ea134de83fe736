import { z } from 'zod';
import { procedure } from './bus.ts';
import { limits } from './limits.ts';

/** As clients may choose them: what may stand in a log line and a message header without quoting. */
export const CorrelationId = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,128}$/, 'expected 1 to 128 letters, digits, ".", "_" or "-"');

/** A line of a log as it was written: `time` (ISO 8601), `level`, `service`, `msg`, and what it adds. */
export type LogLine = { readonly time: string; readonly level: string; readonly service: string } & Readonly<
  Record<string, unknown>
>;

/** Every process: the last lines that it has written about a request and remembers, oldest first. */
export const requestLines = procedure<{ readonly place: string; readonly lines: readonly string[] }>()(
  'service.lines',
  z.object({ correlation_id: CorrelationId, limit: z.int().min(1).max(limits.logLinesMax) }),
);
