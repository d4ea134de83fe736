import { serviceConfigOf, type ServiceConfig } from '@vectorizer/frame';
import type { SettingValues } from '@vectorizer/settings';
import { intervalsOf, type MonitorIntervals } from './intervals.ts';

export type MonitorSettings = {
  readonly disconnectedAfterMs: number;
  readonly replaceAfterMs: number;
  readonly intervals: MonitorIntervals;
};
export type MonitorConfig = ServiceConfig & { readonly monitor: MonitorSettings };

export function configOf(settings: SettingValues): MonitorConfig {
  return { ...serviceConfigOf(settings), monitor: monitorSettingsOf(settings) };
}

/** Also for a process that holds more than a monitor. */
export function monitorSettingsOf(settings: SettingValues): MonitorSettings {
  return {
    disconnectedAfterMs: settings.disconnected_after_ms,
    replaceAfterMs: settings.replace_after_ms,
    intervals: intervalsOf(settings.look_interval_ms),
  };
}
