import type { GpuMode } from '@vectorizer/contracts';
import { serviceConfigOf, type ServiceConfig } from '@vectorizer/frame';
import type { SettingValues } from '@vectorizer/settings';
import type { SharingSettings } from './shared-snapshots.ts';

export type IndexConfig = ServiceConfig & {
  /** Where the replicas' files are. */
  readonly directory: string;
  /** Which devices gpu collections may use. */
  readonly gpu: GpuMode;
  readonly sharing: SharingSettings;
  /** Between two readings of all that a replica has stored. */
  readonly verifyIntervalMs: number;
  /** How often the node says how its replicas are. */
  readonly heartbeatMs: number;
  /** With less room than this where the replicas' files are, the node's health says so. */
  readonly diskFreeBytesMin: number;
};

/** Also for a process that holds more than an index node, and whose door is the public one. */
export function indexConfigOf(settings: SettingValues, door?: 'public'): IndexConfig {
  const { data: directory } = settings;
  if (directory === undefined) throw new TypeError('an index node does not start without a directory');
  return {
    ...serviceConfigOf(settings, door),
    directory,
    heartbeatMs: settings.heartbeat_ms,
    gpu: settings.gpu,
    verifyIntervalMs: settings.verify_interval_ms,
    diskFreeBytesMin: settings.disk_free_bytes_min,
    sharing: { logBytesMax: settings.log_bytes_max, logRetentionMs: settings.log_retention_ms },
  };
}
