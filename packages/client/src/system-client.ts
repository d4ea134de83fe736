import { get, put } from './calls.ts';
import { follow } from './http/follow.ts';
import type { Transport } from './http/transport.ts';
import { path } from './paths.ts';
import type { ClusterSample } from './types/cluster-sample.ts';
import type { AskOptions, CallOptions } from './types/options.ts';
import type {
  Health,
  Liveness,
  LogLevel,
  LogLevelChange,
  RequestLog,
  SlowQueries,
  SlowQueriesInput,
} from './types/system.ts';

const UNWELL = 503;

/** The system as those see it who run it. */
export class SystemClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Every check of the whole. A system that is not well answers too: its status is `degraded`. */
  async health(options?: CallOptions): Promise<Health> {
    return this.#health('/health', options);
  }

  /** Whether this gateway can do its job now. */
  async ready(options?: CallOptions): Promise<Health> {
    return this.#health('/health/ready', options);
  }

  /** Answers as long as the gateway's process turns. */
  async live(options?: CallOptions): Promise<Liveness> {
    return get(this.#transport, '/health/live', { options });
  }

  /** This gateway's metrics, as Prometheus reads them. */
  async metrics(options?: CallOptions): Promise<string> {
    return this.#transport.text({ method: 'GET', path: '/metrics', retry: 'always', options });
  }

  /** Reads that took long, of every query process. */
  async slowQueries(asked: SlowQueriesInput = {}, options?: AskOptions): Promise<SlowQueries> {
    const query = { ...asked, timeout_ms: options?.timeoutMs };
    return get(this.#transport, path('slow-queries'), { query, options });
  }

  /** What every process has written about a request, by its correlation id, and remembers. */
  async logs(correlationId: string, options?: AskOptions): Promise<RequestLog> {
    const query = { correlation_id: correlationId, timeout_ms: options?.timeoutMs };
    return get(this.#transport, path('logs'), { query, options });
  }

  /** Of this gateway's log. */
  async logLevel(options?: CallOptions): Promise<LogLevel> {
    return (await get<{ level: LogLevel }>(this.#transport, path('log-level'), { options })).level;
  }

  async setLogLevel(change: LogLevelChange, options?: CallOptions): Promise<void> {
    await put(this.#transport, path('log-level'), { body: change, options });
  }

  /** The whole cluster once a second, without end: nodes, collections, replicas, rates and latencies. */
  async *samples({ signal }: { readonly signal?: AbortSignal | undefined } = {}): AsyncGenerator<ClusterSample> {
    for await (const { event, data } of follow(this.#transport, { path: path('dashboard', 'stream'), signal })) {
      if (event === 'sample') yield JSON.parse(data) as ClusterSample;
    }
  }

  async #health(at: string, options: CallOptions | undefined): Promise<Health> {
    return this.#transport.request({ method: 'GET', path: at, retry: 'always', accept: [UNWELL], options });
  }
}
