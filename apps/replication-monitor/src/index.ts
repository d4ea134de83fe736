export { monitorSettingsOf, type MonitorSettings } from './config.ts';
export { Monitor, type MonitorOptions } from './monitor.ts';
