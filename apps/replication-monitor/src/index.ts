export { Monitor, type MonitorOptions } from './monitor.ts';
export { replicationCheck } from './replication-check.ts';
