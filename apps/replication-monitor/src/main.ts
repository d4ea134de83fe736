import { replicationHealth, runBusService, type Served } from '@vectorizer/frame';
import { readSettings } from '@vectorizer/settings';
import { configOf } from './config.ts';
import { Monitor } from './monitor.ts';

await runBusService('replication-monitor', {
  readSettings: () => readSettings('replication-monitor', { environment: process.env, argv: process.argv }),
  configOf,
  serve: (foundation, config): Served => {
    const monitor = new Monitor({ ...foundation, ...config.monitor });
    monitor.serve();
    return { checks: [replicationHealth(() => monitor.status())], close: async () => monitor.close() };
  },
});
