import { createHealthApp, openFoundation, readServiceConfig, runService, type RunningService } from '@vectorizer/frame';
import { Ingest } from './ingest.ts';

await runService('ingest', async (): Promise<RunningService> => {
  const config = readServiceConfig(process.env, { port: 15_011 });
  const foundation = await openFoundation('ingest', config);
  const app = await createHealthApp({ ...foundation, ...config.http });
  const { url } = await app.listen();
  new Ingest(foundation).serve();
  foundation.logger.info({ url }, 'listening');
  return {
    logger: foundation.logger,
    async close() {
      await app.close();
      await foundation.close();
    },
  };
});
