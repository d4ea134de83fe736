import type { KeyRegistry, KeyUsageRegistry, RoleRegistry } from '@vectorizer/cluster';
import type { KeyRecord, Permission } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { FastifyRequest } from 'fastify';
import { credentialOf } from './credential.ts';
import type { Principal } from './principal.ts';
import type { TokenVerifier } from './token-verifier.ts';

export type AuthenticatorOptions = {
  readonly keys: KeyRegistry;
  readonly roles: RoleRegistry;
  readonly usage: KeyUsageRegistry;
  /** Undefined: only keys are taken. */
  readonly tokens: TokenVerifier | undefined;
};

/** Of a token: three parts, of which the first begins an object. */
const TOKEN = /^eyJ[\w-]*\.[\w-]+\.[\w-]+$/;

const NOTHING: ReadonlySet<Permission> = new Set();

/** Tells who asks by what they bring. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /** Throws `authentication_error`, which says nothing of what is wrong with a key: who guesses would learn by it. */
  authenticate(request: Pick<FastifyRequest, 'headers'>): Principal | Promise<Principal> {
    const credential = credentialOf(request);
    if (credential === 'none') throw new Failure('authentication_error', 'a key is needed');
    if (credential === 'malformed') throw notGood();
    if (this.#options.tokens !== undefined && TOKEN.test(credential.text)) return this.#byToken(credential.text);
    const nowMs = Date.now();
    const record = this.#options.keys.find(credential.text, nowMs);
    if (record === undefined) throw notGood();
    this.#options.usage.count(record.id, nowMs);
    return this.principalOf(record);
  }

  async #byToken(text: string): Promise<Principal> {
    const principal = await this.#options.tokens?.principalOf(text, (roles) => this.permissionsOf(roles));
    if (principal === undefined) throw notGood();
    return principal;
  }

  /** What somebody who came earlier may by now: nothing, when they would not be let in any more. It is not another use. */
  permissionsNow(request: Pick<FastifyRequest, 'headers'>, earlier: Principal): ReadonlySet<Permission> {
    const nowMs = Date.now();
    const isGood = earlier.kind === 'key' ? this.#isGoodKey(request, nowMs) : nowMs < earlier.goodUntilMs;
    return isGood ? this.permissionsOf(earlier.roles) : NOTHING;
  }

  #isGoodKey(request: Pick<FastifyRequest, 'headers'>, nowMs: number): boolean {
    const credential = credentialOf(request);
    if (typeof credential === 'string') return false;
    try {
      return this.#options.keys.find(credential.text, nowMs) !== undefined;
    } catch (thrown) {
      // Nobody could say for too long: whoever comes now is told to come again.
      if (thrown instanceof Failure) return false;
      throw thrown;
    }
  }

  principalOf(record: KeyRecord): Principal {
    const { id, name, roles, collections, events, rate, expires_at } = record;
    const goodUntilMs = expires_at === null ? Number.POSITIVE_INFINITY : Date.parse(expires_at);
    return {
      kind: 'key',
      id,
      name,
      roles,
      permissions: this.permissionsOf(roles),
      collections,
      events,
      rate,
      goodUntilMs,
    };
  }

  /** Of all roles together. One that does not exist any more gives nothing. */
  permissionsOf(roles: readonly string[]): ReadonlySet<Permission> {
    const sets = roles.flatMap((role) => this.#options.roles.permissionsOf(role) ?? []);
    return sets.length === 1 && sets[0] !== undefined ? sets[0] : new Set(sets.flatMap((set) => [...set]));
  }
}

function notGood(): Failure {
  return new Failure('authentication_error', 'the key is not good');
}
