import type { CollectionDefaults } from '@vectorizer/contracts';
import { redisConfigOf, serviceConfigOf, type ServiceConfig } from '@vectorizer/frame';
import type { SettingValues } from '@vectorizer/settings';
import type { AuditSettings } from './audit/audit-requests.ts';
import { TIERS, type LimitSettings } from './limits/tiers.ts';

export type EdgeSettings = {
  readonly defaults: CollectionDefaults;
  readonly limits: LimitSettings;
  readonly auditing: AuditSettings;
};
export type GatewayConfig = ServiceConfig & { readonly edge: EdgeSettings };

export function configOf(settings: SettingValues): GatewayConfig {
  return { ...serviceConfigOf(settings, 'public'), edge: edgeSettingsOf(settings) };
}

/** Also for a process that holds more than a gateway. */
export function edgeSettingsOf(settings: SettingValues): EdgeSettings {
  return {
    defaults: { shards: settings.default_shards, replication_factor: settings.default_replicas },
    limits: { redis: redisConfigOf(settings), tiers: { ...TIERS, ...settings.rate_tiers } },
    auditing: { changes: settings.audit_changes },
  };
}
