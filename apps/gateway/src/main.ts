import { replicationStatus, type ReplicationStatus } from '@vectorizer/contracts';
import { replicationHealth, runBusService, type Served } from '@vectorizer/frame';
import { readConfig } from './config.ts';
import { createGatewayApp } from './gateway-app.ts';

/** Health answers quickly, also when the monitor does not. */
const STATUS_MS_MAX = 1_000;

await runBusService('gateway', {
  readConfig: () => readConfig(process.env),
  serve: (foundation, { defaults, limits, access: { bootstrapKeyFile } }): Served => {
    const status = async (): Promise<ReplicationStatus> => {
      const context = { correlationId: 'health', deadline: Date.now() + STATUS_MS_MAX };
      return foundation.bus.call(replicationStatus, {}, { context });
    };
    return {
      checks: [replicationHealth(status)],
      createApp: async (options) => createGatewayApp({ ...foundation, ...options, defaults, limits, bootstrapKeyFile }),
    };
  },
});
