import type { NatsConnection } from '@nats-io/transport-node';
import { buckets, builtInRoles, limits, RoleRecord, type Permission, type RoleName } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Logger } from '@vectorizer/telemetry';
import { KvMirror } from './kv-mirror.ts';

/** As with keys: what a role loses it must have lost everywhere within a second. */
const CHECK_INTERVAL_MS = 400;

export type Role = {
  readonly name: RoleName;
  readonly permissions: readonly Permission[];
  /** Neither changed nor removed by anybody. */
  readonly built_in: boolean;
};

/** The roles: those that are always there, and those that were made here. */
export class RoleRegistry {
  readonly #mirror: KvMirror<RoleRecord>;
  #permissions: ReadonlyMap<string, ReadonlySet<Permission>> = new Map();

  private constructor(mirror: KvMirror<RoleRecord>) {
    this.#mirror = mirror;
    this.#index();
    mirror.onChange(() => this.#index());
  }

  static async open(options: {
    readonly connection: NatsConnection;
    readonly replicas: number;
    readonly logger: Logger;
  }): Promise<RoleRegistry> {
    // A role whose record cannot be read gives nothing.
    const settings = { bucket: buckets.roles, schema: RoleRecord, malformed: 'withhold' } as const;
    return new RoleRegistry(await KvMirror.open({ ...options, ...settings, checkIntervalMs: CHECK_INTERVAL_MS }));
  }

  /** Those that are always there first, then by name. */
  list(): Role[] {
    const own = this.#mirror.values().toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return [
      ...Object.entries(builtInRoles).map(([name, permissions]) => ({ name, permissions, built_in: true })),
      ...own.map(({ name, permissions }) => ({ name, permissions, built_in: false })),
    ];
  }

  /** What a role of the name may; undefined when there is none, which may nothing. */
  permissionsOf(name: string): ReadonlySet<Permission> | undefined {
    return this.#permissions.get(name);
  }

  /** Told of each role that was made, changed or removed, once it means what it means now. */
  onChange(listener: (role: string) => void): void {
    this.#mirror.onChange(({ key }) => listener(key));
  }

  /** Durable when it returns. */
  async put(name: RoleName, permissions: readonly Permission[]): Promise<Role> {
    refuseBuiltIn(name);
    const known = await this.#mirror.refresh(name);
    if (known === undefined && this.#mirror.size >= limits.rolesMax) {
      throw new Failure('validation_error', `there are ${limits.rolesMax} roles, which is as many as there may be`);
    }
    const created_at = known?.created_at ?? new Date().toISOString();
    const record: RoleRecord = { v: 1, name, permissions: [...new Set(permissions)].toSorted(), created_at };
    await this.#mirror.put(name, record);
    return { name, permissions: record.permissions, built_in: false };
  }

  /** What keys it was given to can do less from now on. Throws `not_found`. */
  async delete(name: RoleName): Promise<void> {
    refuseBuiltIn(name);
    if ((await this.#mirror.delete(name)) !== undefined) return;
    throw new Failure('not_found', `there is no role ${name}`, { details: { role: name } });
  }

  close(): void {
    this.#mirror.close();
  }

  #index(): void {
    this.#permissions = new Map(this.list().map(({ name, permissions }) => [name, new Set(permissions)]));
  }
}

function refuseBuiltIn(name: string): void {
  if (Object.hasOwn(builtInRoles, name)) throw new Failure('validation_error', `role: ${name} is always as it is`);
}
