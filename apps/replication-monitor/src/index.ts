export { Monitor, type MonitorOptions } from './monitor.ts';
