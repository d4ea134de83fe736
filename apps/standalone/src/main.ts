import { LocalBus } from '@vectorizer/cluster';
import {
  diskHealth,
  followLogLevel,
  openFoundation,
  replicationHealth,
  runService,
  tellOfProcess,
  type RunningService,
} from '@vectorizer/frame';
import { createGatewayApp, edgeSettingsOf } from '@vectorizer/gateway';
import { IndexNode, indexConfigOf, indexHealth } from '@vectorizer/index';
import { EventConsumer, Ingest } from '@vectorizer/ingest';
import { cacheHealth, Query, querySettingsOf } from '@vectorizer/query';
import { Monitor, monitorSettingsOf } from '@vectorizer/replication-monitor';
import { readSettings } from '@vectorizer/settings';

/** The five services in one process: they call each other directly, and only the write log is a server of its own. */
await runService('standalone', async (): Promise<RunningService> => {
  const settings = readSettings('standalone', { environment: process.env, argv: process.argv });
  const config = indexConfigOf(settings, 'public');
  const foundation = { ...(await openFoundation('standalone', config)), bus: new LocalBus() };
  const { logger } = foundation;
  followLogLevel({ ...foundation, level: config.logLevel });
  const monitor = new Monitor({ ...foundation, ...monitorSettingsOf(settings) });
  const query = new Query({ ...foundation, ...querySettingsOf(settings), port: config.http.port });
  query.serve();
  monitor.serve();
  const ingest = new Ingest(foundation);
  ingest.serve();
  const { promise: failed, reject: onTakenOver } = Promise.withResolvers<never>();
  const node = await IndexNode.open({ ...foundation, ...config, ...config.http, onTakenOver });
  const replication = replicationHealth(() => monitor.status());
  const disk = diskHealth(config.directory, config.diskFreeBytesMin);
  const checks = [...foundation.checks, indexHealth(node), replication, disk, cacheHealth(query)];
  const { bootstrapKeyFile } = config.access;
  const edge = edgeSettingsOf(settings);
  const app = await createGatewayApp({ ...foundation, ...config.http, checks, bootstrapKeyFile, ...edge });
  const { url, port } = await app.listen();
  const events = new EventConsumer({ ...foundation, ingest, knowsProducers: config.access.knownProducers });
  const activity = tellOfProcess(foundation, port);
  logger.info({ url, directory: config.directory }, 'listening');
  return {
    logger,
    failed: Promise.race([foundation.failed, failed]),
    async close() {
      activity.close();
      await app.close();
      await events.close();
      query.close();
      await monitor.close();
      await node.close();
      await foundation.close();
    },
  };
});
