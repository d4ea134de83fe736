import { createHealthApp, openFoundation, readServiceConfig, runService, type RunningService } from '@vectorizer/frame';
import { Query } from './query.ts';

await runService('query', async (): Promise<RunningService> => {
  const config = readServiceConfig(process.env, { port: 15_012 });
  const foundation = await openFoundation('query', config);
  const { logger } = foundation;
  new Query(foundation).serve();
  const app = await createHealthApp({ ...foundation, ...config.http });
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
