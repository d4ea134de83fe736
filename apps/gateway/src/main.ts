import { Catalog, checkDurability, connectNats, NatsBus, NodeRegistry } from '@vectorizer/cluster';
import { runService, type RunningService } from '@vectorizer/frame';
import { Log } from '@vectorizer/log';
import { createLogger } from '@vectorizer/telemetry';
import { readConfig } from './config.ts';
import { createGatewayApp } from './gateway-app.ts';

await runService('gateway', async (): Promise<RunningService> => {
  const config = readConfig(process.env);
  const logger = createLogger({ service: 'gateway', level: config.logLevel });
  const { url, replicas, durabilityUrl } = config.nats;
  if (durabilityUrl !== undefined) await checkDurability(durabilityUrl);
  const connection = await connectNats({ servers: url, name: 'gateway' });
  const [catalog, registry, log] = await Promise.all([
    Catalog.open({ connection, replicas, logger }),
    NodeRegistry.open({ connection, replicas, logger }),
    Log.open({ connection, replicas }),
  ]);
  const bus = new NatsBus({ connection, logger });
  const checks = [{ name: 'log', needed: true, check: async () => ({ rtt_ms: await connection.rtt() }) }];
  const app = await createGatewayApp({
    service: 'gateway',
    bus,
    catalog,
    registry,
    log,
    logger,
    checks,
    ...config.http,
  });
  const address = await app.listen();
  logger.info({ url: address.url }, 'listening');
  return {
    logger,
    async close() {
      await app.close();
      await bus.close();
      catalog.close();
      registry.close();
      await connection.drain();
    },
  };
});
