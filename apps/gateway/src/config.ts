import { z } from 'zod';
import { Failure } from '@vectorizer/errors';
import { logLevels, type LogLevel } from '@vectorizer/telemetry';

const Environment = z.object({
  VECTORIZER_NATS_URL: z.string().min(1).default('nats://127.0.0.1:4222'),
  VECTORIZER_NATS_MONITOR_URL: z.url().optional(),
  VECTORIZER_UNSAFE_LAZY_FSYNC: z.stringbool().default(false),
  VECTORIZER_HOST: z.string().min(1).default('127.0.0.1'),
  VECTORIZER_PORT: z.coerce.number().int().min(0).max(65_535).default(15_002),
  VECTORIZER_LOG_LEVEL: z.enum(logLevels).default('info'),
  VECTORIZER_LOG_REPLICAS: z.coerce.number().int().min(1).max(5).default(1),
});

export type GatewayConfig = {
  readonly nats: {
    readonly url: string;
    readonly replicas: number;
    /** Where to ask whether the server syncs before it acknowledges; undefined when nobody is to be asked. */
    readonly durabilityUrl: string | undefined;
  };
  readonly http: { readonly host: string; readonly port: number };
  readonly logLevel: LogLevel;
};

/** The only place that knows what an environment variable is called. Reports every problem at once. */
export function readConfig(environment: Record<string, string | undefined>): GatewayConfig {
  const parsed = Environment.safeParse(environment);
  if (!parsed.success) throw new Failure('validation_error', `invalid environment\n${z.prettifyError(parsed.error)}`);
  const env = parsed.data;
  return {
    nats: {
      url: env.VECTORIZER_NATS_URL,
      replicas: env.VECTORIZER_LOG_REPLICAS,
      durabilityUrl: env.VECTORIZER_UNSAFE_LAZY_FSYNC ? undefined : env.VECTORIZER_NATS_MONITOR_URL,
    },
    http: { host: env.VECTORIZER_HOST, port: env.VECTORIZER_PORT },
    logLevel: env.VECTORIZER_LOG_LEVEL,
  };
}
