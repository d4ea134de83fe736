import { z } from 'zod';
import type { TlsFiles } from '@vectorizer/cluster';
import { logLevels, type LogLevel } from '@vectorizer/telemetry';
import { readTokenSettings } from './access/token-settings.ts';
import type { TokenSettings } from './access/token-verifier.ts';
import { readEnvironment, type Environment } from './environment.ts';
import { TrustedProxies } from './trusted-proxies.ts';
import { readTlsConfig, type Door, type HttpsFiles } from './tls-config.ts';

/** As browsers send it: no path, no slash at the end. There is none for everybody. */
const Origin = z.string().regex(/^https?:\/\/[^\s/*]+$/, 'expected an origin such as https://app.example');

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
  VECTORIZER_CORS_ORIGINS: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(Origin))
    .optional(),
  VECTORIZER_TRUSTED_PROXIES: TrustedProxies.optional(),
  VECTORIZER_OPEN_METRICS: z.stringbool().default(false),
  VECTORIZER_BOOTSTRAP_KEY_FILE: z.string().min(1).optional(),
  VECTORIZER_LOG_REPLICAS: z.coerce.number().int().min(1).max(5).default(1),
});

export type ServiceConfig = {
  readonly nats: {
    /** Comma-separated. */
    readonly url: string;
    readonly tls?: TlsFiles;
    /** How many servers keep each log and bucket. */
    readonly replicas: number;
    /** Where to ask whether the servers sync before they acknowledge; undefined when nobody is to be asked. */
    readonly durabilityUrls: readonly string[] | undefined;
  };
  /** Where this process answers HTTP: health and metrics, and for the gateway the public API. */
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly https?: HttpsFiles;
    /** Pages of these may read answers. */
    readonly corsOrigins?: readonly string[];
    /** Addresses and networks of proxies that are believed whom they forward for. */
    readonly trustedProxies?: readonly string[];
  };
  readonly logLevel: LogLevel;
  readonly access: {
    /** `/metrics` needs no key, for scrapers that can send none. */
    readonly openMetrics: boolean;
    /** Where a gateway writes the first key when there is none; undefined: it makes none. */
    readonly bootstrapKeyFile: string | undefined;
    readonly tokens: TokenSettings | undefined;
  };
};

const Silence = z.object({
  VECTORIZER_DISCONNECTED_AFTER_MS: z.coerce.number().int().min(1_000).max(3_600_000).default(10_000),
});

/** A replica that was silent for longer is disconnected: to the monitor, and to those that read. */
export function readDisconnectedAfterMs(environment: Environment): number {
  return readEnvironment(Silence, environment).VECTORIZER_DISCONNECTED_AFTER_MS;
}

/** What a service is where its environment says nothing. */
export type ServiceDefaults = { readonly port: number; readonly door?: Door };

/** With `readEnvironment`, the only place that knows what an environment variable is called. */
export function readServiceConfig(
  environment: Environment,
  { door = 'inner', ...defaults }: ServiceDefaults,
): ServiceConfig {
  const { identity, https } = readTlsConfig(environment, door);
  const env = readEnvironment(Common, { VECTORIZER_PORT: String(defaults.port), ...definedOf(environment) });
  return {
    nats: {
      url: env.VECTORIZER_NATS_URL,
      ...(identity === undefined ? {} : { tls: identity }),
      replicas: env.VECTORIZER_LOG_REPLICAS,
      durabilityUrls: env.VECTORIZER_UNSAFE_LAZY_FSYNC ? undefined : env.VECTORIZER_NATS_MONITOR_URL,
    },
    http: {
      host: env.VECTORIZER_HOST,
      port: env.VECTORIZER_PORT,
      ...(https === undefined ? {} : { https }),
      ...(env.VECTORIZER_CORS_ORIGINS === undefined ? {} : { corsOrigins: env.VECTORIZER_CORS_ORIGINS }),
      ...(env.VECTORIZER_TRUSTED_PROXIES === undefined ? {} : { trustedProxies: env.VECTORIZER_TRUSTED_PROXIES }),
    },
    logLevel: env.VECTORIZER_LOG_LEVEL,
    access: {
      openMetrics: env.VECTORIZER_OPEN_METRICS,
      bootstrapKeyFile: env.VECTORIZER_BOOTSTRAP_KEY_FILE,
      tokens: readTokenSettings(environment),
    },
  };
}

function definedOf(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined));
}
