import { replicationStatus, type ReplicationStatus } from '@vectorizer/contracts';
import { openFoundation, replicationHealth, runService, type RunningService } from '@vectorizer/frame';
import { readConfig } from './config.ts';
import { createGatewayApp } from './gateway-app.ts';

/** Health answers quickly, also when the monitor does not. */
const STATUS_MS_MAX = 1_000;

await runService('gateway', async (): Promise<RunningService> => {
  const config = readConfig(process.env);
  const foundation = await openFoundation('gateway', config);
  const { logger } = foundation;
  const status = async (): Promise<ReplicationStatus> => {
    const context = { correlationId: 'health', deadline: Date.now() + STATUS_MS_MAX };
    return foundation.bus.call(replicationStatus, {}, { context });
  };
  const checks = [...foundation.checks, replicationHealth(status)];
  const app = await createGatewayApp({ ...foundation, ...config.http, defaults: config.defaults, checks });
  const { url } = await app.listen();
  logger.info({ url }, 'listening');
  return {
    logger,
    async close() {
      await app.close();
      await foundation.close();
    },
  };
});
