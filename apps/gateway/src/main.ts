import { openFoundation, readServiceConfig, runService, type RunningService } from '@vectorizer/frame';
import { createGatewayApp } from './gateway-app.ts';

await runService('gateway', async (): Promise<RunningService> => {
  const config = readServiceConfig(process.env, { port: 15_002 });
  const foundation = await openFoundation('gateway', config);
  const { logger } = foundation;
  const app = await createGatewayApp({ ...foundation, ...config.http });
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
