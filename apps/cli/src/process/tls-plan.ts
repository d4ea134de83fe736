import { readFile } from 'node:fs/promises';
import { files, type Identity, type RedisUser } from '../certs/files.ts';

/** What the processes of an instance are told of their certificates, which lie in a directory made by `certs init`. */
export class TlsPlan {
  readonly directory: string;
  readonly #calloutIssuer: string;

  private constructor(directory: string, calloutIssuer: string) {
    this.directory = directory;
    this.#calloutIssuer = calloutIssuer;
  }

  static async of(directory: string): Promise<TlsPlan> {
    return new TlsPlan(directory, (await readFile(files.calloutIssuer(directory), 'utf8')).trim());
  }

  get authority(): string {
    return files.authority(this.directory);
  }

  /** For a service; `app` is its folder's name. */
  service(app: string): Record<string, string> {
    const name = identityOf(app);
    const redis = redisUserOf(name);
    return {
      VECTORIZER_TLS_CA_FILE: this.authority,
      VECTORIZER_TLS_CERT_FILE: files.certificate(this.directory, name),
      VECTORIZER_TLS_KEY_FILE: files.key(this.directory, name),
      ...(name === 'gateway' || name === 'standalone' ? this.#callout() : {}),
      ...(name === 'ingest' || name === 'standalone' ? { VECTORIZER_KNOWN_PRODUCERS: 'true' } : {}),
      ...(redis === undefined ? {} : { VECTORIZER_REDIS_PASSWORD_FILE: files.redisPassword(this.directory, redis) }),
    };
  }

  /** The user by which a service is known to Redis; undefined for one that has no business there. */
  redisUser(app: string): RedisUser | undefined {
    return redisUserOf(identityOf(app));
  }

  /** For a log server: values of its configuration language, in which strings stand in quotes. */
  logServer(): Record<string, string> {
    return {
      VECTORIZER_NATS_CA_FILE: JSON.stringify(this.authority),
      VECTORIZER_NATS_CERT_FILE: JSON.stringify(files.certificate(this.directory, 'nats')),
      VECTORIZER_NATS_KEY_FILE: JSON.stringify(files.key(this.directory, 'nats')),
      VECTORIZER_NATS_ROUTE_CA_FILE: JSON.stringify(files.authority(this.directory, 'routes-ca')),
      VECTORIZER_NATS_ROUTE_CERT_FILE: JSON.stringify(files.certificate(this.directory, 'routes')),
      VECTORIZER_NATS_ROUTE_KEY_FILE: JSON.stringify(files.key(this.directory, 'routes')),
      VECTORIZER_NATS_CALLOUT_ISSUER: this.#calloutIssuer,
    };
  }

  #callout(): Record<string, string> {
    return {
      VECTORIZER_CALLOUT_SEED_FILE: files.calloutSeed(this.directory),
      VECTORIZER_REVOKER_CERT_FILE: files.certificate(this.directory, 'revoker'),
      VECTORIZER_REVOKER_KEY_FILE: files.key(this.directory, 'revoker'),
    };
  }

  /** Arguments of Redis, which then takes nothing else at its port. */
  redis(port: number): readonly string[] {
    const options = {
      port: '0',
      'tls-port': String(port),
      'tls-ca-cert-file': this.authority,
      'tls-cert-file': files.certificate(this.directory, 'redis'),
      'tls-key-file': files.key(this.directory, 'redis'),
      'tls-auth-clients': 'yes',
      'tls-protocols': 'TLSv1.2 TLSv1.3',
      aclfile: files.redisUsers(this.directory),
    };
    return Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  }
}

function identityOf(app: string): Identity {
  switch (app) {
    case 'replication-monitor':
      return 'monitor';
    case 'gateway':
    case 'ingest':
    case 'query':
    case 'index':
    case 'standalone':
      return app;
    default:
      throw new TypeError(`no certificate is made for ${app}`);
  }
}

function redisUserOf(name: Identity): RedisUser | undefined {
  return name === 'query' || name === 'gateway' || name === 'standalone' ? name : undefined;
}
