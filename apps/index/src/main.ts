import { createHealthApp, openFoundation, runService, type RunningService } from '@vectorizer/frame';
import { readIndexConfig } from './config.ts';
import { indexHealth } from './index-health.ts';
import { IndexNode } from './index-node.ts';

await runService('index', async (): Promise<RunningService> => {
  const config = readIndexConfig(process.env);
  const foundation = await openFoundation('index', config);
  const { logger } = foundation;
  const { directory, http } = config;
  const node = await IndexNode.open({ ...foundation, ...config, ...http });
  const app = await createHealthApp({ ...foundation, ...http, checks: [...foundation.checks, indexHealth(node)] });
  const { url } = await app.listen();
  logger.info({ url, node: node.node, directory }, 'listening');
  return {
    logger,
    async close() {
      await app.close();
      await node.close();
      await foundation.close();
    },
  };
});
