import { replicationStatus, type ReplicationStatus } from '@vectorizer/contracts';
import { HeardHealth, memoryHealth, replicationHealth, runBusService, type Served } from '@vectorizer/frame';
import { readSettings } from '@vectorizer/settings';
import { configOf } from './config.ts';
import { createGatewayApp } from './gateway-app.ts';

/** What a cluster cannot do without. */
const SERVICES = ['query', 'ingest', 'index', 'replication-monitor'];
/** Health answers quickly, also when the monitor does not. */
const STATUS_MS_MAX = 1_000;

await runBusService('gateway', {
  readSettings: () => readSettings('gateway', { environment: process.env, argv: process.argv }),
  configOf,
  serve: (foundation, { edge, access: { bootstrapKeyFile } }): Served => {
    const status = async (): Promise<ReplicationStatus> => {
      const context = { correlationId: 'health', deadline: Date.now() + STATUS_MS_MAX };
      return foundation.bus.call(replicationStatus, {}, { context });
    };
    const heard = new HeardHealth(foundation.bus);
    return {
      checks: [
        heard.services(SERVICES),
        heard.check('writes'),
        heard.check('index'),
        replicationHealth(status),
        heard.check('cache'),
        heard.check('disk'),
        heard.check('memory', memoryHealth().check),
      ],
      sumsUpHealth: true,
      createApp: async (options) => createGatewayApp({ ...foundation, ...options, ...edge, bootstrapKeyFile }),
    };
  },
});
