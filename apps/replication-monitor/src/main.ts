import { createHealthApp, openFoundation, replicationHealth, runService, type RunningService } from '@vectorizer/frame';
import { readConfig } from './config.ts';
import { Monitor } from './monitor.ts';

await runService('replication-monitor', async (): Promise<RunningService> => {
  const config = readConfig(process.env);
  const foundation = await openFoundation('replication-monitor', config);
  const { logger, checks } = foundation;
  const monitor = new Monitor({ ...foundation, ...config.monitor });
  monitor.serve();
  const app = await createHealthApp({
    ...foundation,
    ...config.http,
    checks: [...checks, replicationHealth(() => monitor.status())],
  });
  const { url } = await app.listen();
  logger.info({ url }, 'listening');
  return {
    logger,
    async close() {
      await app.close();
      await monitor.close();
      await foundation.close();
    },
  };
});
