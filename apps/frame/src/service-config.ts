import { z } from 'zod';
import { Failure } from '@vectorizer/errors';
import { logLevels, type LogLevel } from '@vectorizer/telemetry';

/** What every process of ours reads from its environment. */
const Common = z.object({
  VECTORIZER_NATS_URL: z.string().min(1).default('nats://127.0.0.1:4222'),
  VECTORIZER_NATS_MONITOR_URL: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.url()))
    .optional(),
  VECTORIZER_UNSAFE_LAZY_FSYNC: z.stringbool().default(false),
  VECTORIZER_HOST: z.string().min(1).default('127.0.0.1'),
  VECTORIZER_PORT: z.coerce.number().int().min(0).max(65_535),
  VECTORIZER_LOG_LEVEL: z.enum(logLevels).default('info'),
  VECTORIZER_OPEN_METRICS: z.stringbool().default(false),
  VECTORIZER_BOOTSTRAP_KEY_FILE: z.string().min(1).optional(),
  VECTORIZER_LOG_REPLICAS: z.coerce.number().int().min(1).max(5).default(1),
});

export type ServiceConfig = {
  readonly nats: {
    /** Comma-separated. */
    readonly url: string;
    /** How many servers keep each log and bucket. */
    readonly replicas: number;
    /** Where to ask whether the servers sync before they acknowledge; undefined when nobody is to be asked. */
    readonly durabilityUrls: readonly string[] | undefined;
  };
  /** Where this process answers HTTP: health and metrics, and for the gateway the public API. */
  readonly http: { readonly host: string; readonly port: number };
  readonly logLevel: LogLevel;
  readonly access: {
    /** `/metrics` needs no key, for scrapers that can send none. */
    readonly openMetrics: boolean;
    /** Where a gateway writes the first key when there is none; undefined: it makes none. */
    readonly bootstrapKeyFile: string | undefined;
  };
};

const Silence = z.object({
  VECTORIZER_DISCONNECTED_AFTER_MS: z.coerce.number().int().min(1_000).max(3_600_000).default(10_000),
});

/** A replica that was silent for longer is disconnected: to the monitor, and to those that read. */
export function readDisconnectedAfterMs(environment: Environment): number {
  return readEnvironment(Silence, environment).VECTORIZER_DISCONNECTED_AFTER_MS;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** With `readEnvironment`, the only place that knows what an environment variable is called. */
export function readServiceConfig(environment: Environment, defaults: { readonly port: number }): ServiceConfig {
  const env = readEnvironment(Common, { VECTORIZER_PORT: String(defaults.port), ...definedOf(environment) });
  return {
    nats: {
      url: env.VECTORIZER_NATS_URL,
      replicas: env.VECTORIZER_LOG_REPLICAS,
      durabilityUrls: env.VECTORIZER_UNSAFE_LAZY_FSYNC ? undefined : env.VECTORIZER_NATS_MONITOR_URL,
    },
    http: { host: env.VECTORIZER_HOST, port: env.VECTORIZER_PORT },
    logLevel: env.VECTORIZER_LOG_LEVEL,
    access: { openMetrics: env.VECTORIZER_OPEN_METRICS, bootstrapKeyFile: env.VECTORIZER_BOOTSTRAP_KEY_FILE },
  };
}

/** Reports every problem at once. */
export function readEnvironment<Schema extends z.ZodType>(schema: Schema, environment: Environment): z.output<Schema> {
  const parsed = schema.safeParse(environment);
  if (parsed.success) return parsed.data;
  throw new Failure('validation_error', `invalid environment\n${z.prettifyError(parsed.error)}`);
}

function definedOf(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined));
}
