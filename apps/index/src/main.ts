import { openFoundation, runService, type RunningService } from '@vectorizer/frame';
import { readIndexConfig } from './config.ts';
import { createIndexApp } from './index-app.ts';
import { indexHealth } from './index-health.ts';
import { IndexNode } from './index-node.ts';
import { OwnReplication } from './own-replication.ts';

await runService('index', async (): Promise<RunningService> => {
  const config = readIndexConfig(process.env);
  const foundation = await openFoundation('index', config);
  const { logger } = foundation;
  const { directory, http } = config;
  const node = await IndexNode.open({ ...foundation, ...config, ...http });
  const replication = new OwnReplication({ replicas: () => node.replicas(), log: foundation.log });
  const checks = [...foundation.checks, indexHealth(node)];
  const app = await createIndexApp({ ...foundation, ...http, checks, replication });
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
