import type { CalloutFiles, TlsFiles } from '@vectorizer/cluster';
import type { SettingValues } from '@vectorizer/settings';
import type { LogLevel } from '@vectorizer/telemetry';
import { tokenSettingsOf } from './access/token-settings.ts';
import type { TokenSettings } from './access/token-verifier.ts';
import { tlsConfigOf, type Door, type HttpsFiles } from './tls-config.ts';

export type ServiceConfig = {
  readonly nats: {
    /** Comma-separated. */
    readonly url: string;
    readonly tls?: TlsFiles;
    /** Where this process is asked by the log servers whether to let producers in. */
    readonly callout?: CalloutFiles;
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
    /** Whether the log servers let a producer name no key but the one that it brought. */
    readonly knownProducers: boolean;
    /** `/metrics` needs no key, for scrapers that can send none. */
    readonly openMetrics: boolean;
    /** Where a gateway writes the first key when there is none; undefined: it makes none. */
    readonly bootstrapKeyFile: string | undefined;
    readonly tokens: TokenSettings | undefined;
  };
};

/** What every service takes from its settings. */
export function serviceConfigOf(settings: SettingValues, door: Door = 'inner'): ServiceConfig {
  const { identity, https, callout } = tlsConfigOf(settings, door);
  const { cors_origins: corsOrigins, trusted_proxies: trustedProxies } = settings;
  return {
    nats: {
      url: settings.nats_url.join(),
      ...(identity === undefined ? {} : { tls: identity }),
      ...(callout === undefined ? {} : { callout }),
      replicas: settings.log_replicas,
      durabilityUrls: settings.unsafe_lazy_fsync ? undefined : settings.nats_monitor_url,
    },
    http: {
      host: settings.host,
      port: settings.port,
      ...(https === undefined ? {} : { https }),
      ...(corsOrigins === undefined ? {} : { corsOrigins }),
      ...(trustedProxies === undefined ? {} : { trustedProxies }),
    },
    logLevel: settings.log_level,
    access: {
      knownProducers: settings.known_producers,
      openMetrics: settings.open_metrics,
      bootstrapKeyFile: settings.bootstrap_key_file,
      tokens: tokenSettingsOf(settings),
    },
  };
}
