import { replicationHealth, runBusService, type Served } from '@vectorizer/frame';
import { readConfig } from './config.ts';
import { Monitor } from './monitor.ts';

await runBusService('replication-monitor', {
  readConfig: () => readConfig(process.env),
  serve: (foundation, config): Served => {
    const monitor = new Monitor({ ...foundation, ...config.monitor });
    monitor.serve();
    return { checks: [replicationHealth(() => monitor.status())], close: async () => monitor.close() };
  },
});
