import { KeyRegistry, KeyUsageRegistry, RoleRegistry, type Catalog, type NatsConnection } from '@vectorizer/cluster';
import type { Logger } from '@vectorizer/telemetry';
import { Authenticator } from './authenticator.ts';
import { EndlessAnswers } from './endless-answers.ts';
import { FailedAttempts, type FailureRate } from './failed-attempts.ts';
import { Door } from './guard.ts';
import { isLoopback } from './loopback.ts';
import { Scope } from './scope.ts';
import { TokenVerifier, type TokenSettings } from './token-verifier.ts';

export type AccessSettings = {
  /** Where the process listens. */
  readonly host: string;
  /** `/metrics` needs no key. */
  readonly openMetrics?: boolean;
  /** How often an address may come without a good key. */
  readonly failures?: FailureRate;
  /** For how long known keys are good while no log server can be asked about them. */
  readonly unconfirmedMsMax?: number | undefined;
  /** Undefined: no tokens are taken. */
  readonly tokens?: TokenSettings | undefined;
};

export type AccessOptions = AccessSettings & {
  readonly connection: NatsConnection;
  readonly replicas: number;
  readonly logger: Logger;
  readonly catalog: Pick<Catalog, 'find'>;
};

type Parts = {
  readonly keys: KeyRegistry;
  readonly roles: RoleRegistry;
  readonly usage: KeyUsageRegistry;
  readonly authenticator: Authenticator;
  readonly guard: Door;
  readonly endless: EndlessAnswers;
  readonly isOpen: () => boolean;
  readonly hasNone: () => boolean;
};

/** Who may do what: keys, roles, and the guard at the door that goes by them. */
export class Access {
  readonly keys: KeyRegistry;
  readonly roles: RoleRegistry;
  readonly usage: KeyUsageRegistry;
  readonly authenticator: Authenticator;
  readonly guard: Door;
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    this.keys = parts.keys;
    this.roles = parts.roles;
    this.usage = parts.usage;
    this.authenticator = parts.authenticator;
    this.guard = parts.guard;
    this.#parts = parts;
  }

  static async open(options: AccessOptions): Promise<Access> {
    const { host, openMetrics = false, catalog, logger, failures } = options;
    const tokens = options.tokens === undefined ? undefined : new TokenVerifier(options.tokens);
    const failedAttempts = new FailedAttempts(failures);
    const [keys, roles, usage] = await Promise.all([
      KeyRegistry.open(options),
      RoleRegistry.open(options),
      KeyUsageRegistry.open(options),
    ]);
    keys.onChange(({ key, after }) => {
      if (after === undefined) usage.forget(key);
    });
    const authenticator = new Authenticator({ keys, roles, usage, tokens });
    const endless = new EndlessAnswers(keys);
    const hasNone = (): boolean => keys.isEmpty && tokens === undefined;
    const isOpen = (): boolean => hasNone() && isLoopback(host);
    const scope = new Scope(catalog);
    const guard = new Door({ authenticator, scope, endless, failedAttempts, logger, isOpen, openMetrics });
    return new Access({ keys, roles, usage, authenticator, guard, endless, isOpen, hasNone });
  }

  /** Whether anybody may do anything: no key was ever made, and only this machine can ask. */
  get isOpen(): boolean {
    return this.#parts.isOpen();
  }

  /** Neither keys, nor an issuer of tokens. */
  get hasNoKeys(): boolean {
    return this.#parts.hasNone();
  }

  async close(): Promise<void> {
    this.#parts.endless.close();
    await this.usage.close();
    this.keys.close();
    this.roles.close();
  }
}
