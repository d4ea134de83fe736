/** `service` is the one that answered; a check that is down has a message. */
export type Health = {
  readonly status: 'healthy' | 'degraded';
  readonly service: string;
  readonly checks: readonly ({ readonly name: string; readonly status: 'up' | 'down' } & Readonly<
    Record<string, unknown>
  >)[];
  readonly failed_checks: readonly string[];
  readonly shutting_down?: boolean;
};
export type Liveness = { readonly status: 'healthy'; readonly service: string; readonly uptime_s: number };

/** Where the time of a read went, in milliseconds; a stage that it did not pass is absent. */
export type ReadStages = Readonly<
  Partial<Record<'plan' | 'cache' | 'shards' | 'wait' | 'queue' | 'search' | 'merge', number>>
>;
/** A read that took long. */
export type SlowQuery = {
  /** When it ended, ISO 8601. */
  readonly at: string;
  /** `host:port` of the query process. */
  readonly process: string;
  readonly correlation_id: string;
  readonly procedure: 'search' | 'read' | 'scroll' | 'count';
  readonly collection: string;
  readonly took_ms: number;
  readonly stages: ReadStages;
  /** What was asked, without vectors and ids. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The type of the failure, of a read that failed. */
  readonly failure?: string;
};
export type SlowQueriesInput = {
  readonly collection?: string | undefined;
  readonly min_ms?: number | undefined;
  readonly limit?: number | undefined;
  readonly order?: 'newest' | 'slowest' | undefined;
};
/** Of processes that are there and did not answer in time, what they remember is missing. */
type FromProcesses = { readonly processes: number; readonly unanswered: number };
export type SlowQueries = FromProcesses & { readonly threshold_ms: number; readonly queries: readonly SlowQuery[] };

export type LogLine = {
  readonly time: string;
  readonly level: string;
  readonly service: string;
  readonly process: string;
} & Readonly<Record<string, unknown>>;
export type RequestLog = FromProcesses & { readonly correlation_id: string; readonly lines: readonly LogLine[] };

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
/** Of one service's processes, or of all; for a while, where that is given. */
export type LogLevelChange = {
  readonly level: LogLevel;
  readonly service?: 'gateway' | 'ingest' | 'query' | 'index' | 'replication-monitor' | 'standalone' | undefined;
  readonly for_s?: number | undefined;
};
