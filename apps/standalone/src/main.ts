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
import { createGatewayApp, readEdgeSettings } from '@vectorizer/gateway';
import { IndexNode, indexHealth, readIndexConfig } from '@vectorizer/index';
import { EventConsumer, Ingest } from '@vectorizer/ingest';
import { cacheHealth, Query, readQuerySettings } from '@vectorizer/query';
import { Monitor, readMonitorSettings } from '@vectorizer/replication-monitor';

/** The five services in one process: they call each other directly, and only the write log is a server of its own. */
await runService('standalone', async (): Promise<RunningService> => {
  const config = readIndexConfig(process.env, { port: 15_002, door: 'public' });
  const foundation = { ...(await openFoundation('standalone', config)), bus: new LocalBus() };
  const { logger } = foundation;
  followLogLevel({ ...foundation, level: config.logLevel });
  const settings = readMonitorSettings(process.env);
  const monitor = new Monitor({ ...foundation, ...settings });
  const query = new Query({ ...foundation, ...readQuerySettings(process.env), port: config.http.port });
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
  const edge = readEdgeSettings(process.env);
  const app = await createGatewayApp({ ...foundation, ...config.http, checks, bootstrapKeyFile, ...edge });
  const { url, port } = await app.listen();
  const events = new EventConsumer({ ...foundation, ingest });
  const activity = tellOfProcess(foundation, port);
  logger.info({ url, directory: config.directory }, 'listening');
  return {
    logger,
    failed,
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
