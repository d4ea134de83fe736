import { diskHealth, runBusService, type Served } from '@vectorizer/frame';
import { readSettings } from '@vectorizer/settings';
import { indexConfigOf } from './config.ts';
import { createIndexApp } from './index-app.ts';
import { indexHealth } from './index-health.ts';
import { IndexNode } from './index-node.ts';
import { OwnReplication } from './own-replication.ts';

await runBusService('index', {
  readSettings: () => readSettings('index', { environment: process.env, argv: process.argv }),
  configOf: indexConfigOf,
  serve: async (foundation, config): Promise<Served> => {
    const { promise: failed, reject: onTakenOver } = Promise.withResolvers<never>();
    const node = await IndexNode.open({ ...foundation, ...config, ...config.http, onTakenOver });
    const replication = new OwnReplication({ replicas: () => node.replicas(), log: foundation.log });
    return {
      checks: [indexHealth(node), diskHealth(config.directory, config.diskFreeBytesMin)],
      createApp: async (options) => createIndexApp({ ...options, replication }),
      about: { node: node.node, directory: config.directory },
      failed,
      close: async () => node.close(),
    };
  },
});
