import type { IssuedKey } from '@vectorizer/cluster';
import {
  coversPatterns,
  type Answer,
  type KeyId,
  type KeyRate,
  type KeyRecord,
  type NewKey,
  type Permission,
  type RateTiers,
  type RoleName,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { checkMayGrant, invalidField, type Access, type Grants, type Principal } from '@vectorizer/frame';
import { rateOf } from '../limits/tiers.ts';

export type KeyView = Answer<'Key'>;

/** What may be done about keys and roles, and by whom: nobody gives what they do not have. */
export class Keys {
  readonly #access: Access;
  readonly #tiers: RateTiers;

  constructor(access: Access, tiers: RateTiers) {
    this.#access = access;
    this.#tiers = tiers;
  }

  /** Those within the scope of who asks: of others even the names and patterns would tell. */
  list(by: Principal): KeyView[] {
    const visible = this.#access.keys.list().filter((record) => maySeeKey(by, record));
    return visible.map((record) => this.view(record));
  }

  async get(id: KeyId, by: Principal): Promise<KeyView> {
    const record = await this.#access.keys.get(id);
    if (maySeeKey(by, record)) return this.view(record);
    throw new Failure('authorization_error', 'the scope of that key is wider than that of who asks');
  }

  /** Whoever is there before there are keys can only make one that can make others: the system is closed from then on. */
  async create(key: NewKey, by: Principal): Promise<IssuedKey> {
    this.#checkRoles(key.roles);
    if (!Object.hasOwn(this.#tiers, key.rate.tier))
      throw invalidField('rate.tier', `there is no tier ${key.rate.tier}`);
    checkMayGrant(by, this.#grants(key));
    this.#checkReach(key.rate, key.expires_in === undefined ? undefined : Date.now() + key.expires_in * 1_000, by);
    if (by.kind === 'open') this.#checkFirst(key);
    return this.#access.keys.create(key, nameOf(by));
  }

  async rotate(id: KeyId, graceSeconds: number, by: Principal): Promise<IssuedKey> {
    const record = await this.#access.keys.get(id);
    // A role that is away may come back: what it will let its keys do is not known to be what the asker may.
    this.#checkRoles(record.roles);
    checkMayGrant(by, this.#grants(record));
    this.#checkReach(record.rate, record.expires_at === null ? undefined : Date.parse(record.expires_at), by);
    return this.#access.keys.rotate(id, graceSeconds);
  }

  async revoke(id: KeyId, by: Principal): Promise<KeyView> {
    checkMayGrant(by, this.#grants(await this.#access.keys.get(id)));
    return this.view(await this.#access.keys.revoke(id));
  }

  /** Of all who have it, whatever their scope: so is the one that is asked of who changes it. */
  async putRole(name: RoleName, permissions: readonly Permission[], by: Principal): Promise<Answer<'Role'>> {
    this.#checkMayChange(name, permissions, by);
    return this.#access.roles.put(name, permissions);
  }

  async deleteRole(name: RoleName, by: Principal): Promise<void> {
    this.#checkMayChange(name, [], by);
    await this.#access.roles.delete(name);
  }

  view({ v: _v, hash: _hash, previous, ...record }: KeyRecord): KeyView {
    const now = new Date().toISOString();
    const active = record.revoked_at === null && (record.expires_at === null || record.expires_at > now);
    const grace_until = previous !== null && previous.until > now ? previous.until : null;
    return { ...record, active, grace_until, usage: this.#access.usage.of(record.id) };
  }

  #grants({ roles, collections, events }: Pick<NewKey, 'roles' | 'collections' | 'events'>): Grants {
    return { permissions: this.#access.authenticator.permissionsOf(roles), collections, events };
  }

  /**
   * Who makes keys for others, and does not run the server, gives none that may ask more often or for longer than their own. A
   * token's end is that of a session, not of whom it is for.
   */
  #checkReach(rate: KeyRate, untilMs: number | undefined, by: Principal): void {
    if (by.permissions.has('configure_server')) return;
    for (const effect of ['read', 'write'] as const) {
      const [own, given] = [rateOf(this.#tiers, by.rate, effect), rateOf(this.#tiers, rate, effect)];
      if (own === null || (given !== null && given.per_s <= own.per_s && given.burst <= own.burst)) continue;
      throw new Failure('authorization_error', `the rate to ${effect} is higher than that of who gives it`, {
        details: { limit_type: effect, limit: own.per_s, burst: own.burst },
      });
    }
    if (by.kind === 'key' && (untilMs ?? Number.POSITIVE_INFINITY) > by.goodUntilMs)
      throw new Failure('authorization_error', 'the key would be good for longer than that of who gives it');
  }

  /** Nobody gives what they do not have, nor takes it from others. */
  #checkMayChange(name: RoleName, permissions: readonly Permission[], by: Principal): void {
    const touched = new Set([...permissions, ...this.#access.authenticator.permissionsOf([name])]);
    checkMayGrant(by, { permissions: touched, collections: ['*'], events: [] });
  }

  #checkRoles(roles: readonly string[]): void {
    const unknown = roles.findIndex((role) => this.#access.roles.permissionsOf(role) === undefined);
    if (unknown >= 0) throw invalidField(`roles[${unknown}]`, `there is no role ${roles[unknown]}`);
  }

  #checkFirst({ roles, collections, expires_in }: NewKey): void {
    const canGoOn = roles.includes('admin') && collections.includes('*') && expires_in === undefined;
    if (canGoOn) return;
    const reason = 'the first key has to be of role admin, for all collections and without an end: it makes the others';
    throw invalidField('roles', reason);
  }
}

function nameOf({ kind, id }: Principal): string {
  return kind === 'open' ? id : `${kind} ${id}`;
}

function maySeeKey(by: Principal, { collections }: KeyRecord): boolean {
  return coversPatterns(by.collections, collections);
}
