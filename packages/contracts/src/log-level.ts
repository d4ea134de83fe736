import { z } from 'zod';

/** As in the lines of a log; the packages that write them do not know this one. */
export const LogLevelName = z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']);

/** Of one service's processes, or of all: what is written from now on; for a while, where that is given. */
export const LogLevelChange = z.strictObject({
  level: LogLevelName,
  service: z.enum(['gateway', 'ingest', 'query', 'index', 'replication-monitor', 'standalone']).optional(),
  /** Then the level comes back that was set for good before, or that the process was started with. */
  for_s: z.int().min(1).max(86_400).optional(),
});
export type LogLevelChange = z.infer<typeof LogLevelChange>;

export const logLevelChange = { name: 'log-level', value: LogLevelChange } as const;
