import type { Service } from './setting.ts';
import type { SettingName, SettingValues } from './table/table.ts';

/** What is wrong with a setting beside others that are right each for itself. */
export type Conflict = { readonly name: SettingName; readonly reason: string };

type Rule = {
  readonly services?: readonly Service[];
  readonly conflicts: (values: SettingValues) => readonly Conflict[];
};

const rules: readonly Rule[] = [
  { conflicts: (values) => wholeSet(values, ['tls_ca_file', 'tls_cert_file', 'tls_key_file']) },
  {
    services: ['gateway', 'standalone'],
    conflicts: (values) => wholeSet(values, ['https_cert_file', 'https_key_file']),
  },
  {
    services: ['gateway', 'standalone'],
    conflicts: (values) => wholeSet(values, ['callout_seed_file', 'revoker_cert_file', 'revoker_key_file']),
  },
  { conflicts: tokensOfAnIssuer },
  { services: ['index', 'standalone'], conflicts: heartbeats },
];

export function conflictsIn(values: SettingValues, service: Service): Conflict[] {
  return rules.filter((rule) => rule.services?.includes(service) ?? true).flatMap(({ conflicts }) => conflicts(values));
}

/** All of them, or none. */
function wholeSet(values: SettingValues, names: readonly SettingName[]): Conflict[] {
  const missing = names.filter((name) => values[name] === undefined);
  if (missing.length === names.length) return [];
  const there = names.filter((name) => !missing.includes(name)).join(' and ');
  return missing.map((name) => ({ name, reason: `is needed with ${there}` }));
}

function tokensOfAnIssuer(values: SettingValues): readonly Conflict[] {
  const { jwt_role_map: roleMap, jwt_collections_claim: collectionsClaim } = values;
  const needed = ['jwt_issuer', 'jwt_audience', 'jwt_jwks_url'] as const;
  const conflicts = wholeSet(values, needed);
  if (needed.some((name) => values[name] !== undefined)) return conflicts;
  if (roleMap === undefined && collectionsClaim === undefined && values.jwt_roles_claim === 'roles') return conflicts;
  return [{ name: 'jwt_issuer', reason: 'is needed with what is said of its tokens' }];
}

/** One that is late, or lost, must not make a replica disconnected. */
function heartbeats({ disconnected_after_ms: after, heartbeat_ms: every }: SettingValues): readonly Conflict[] {
  if (after >= 2 * every) return [];
  return [{ name: 'disconnected_after_ms', reason: `(${after}) must be at least twice heartbeat_ms (${every})` }];
}
