import { createInterface } from 'node:readline';
import { Catalog, clusterId, connectNats, Leases, NatsBus, NodeRegistry, SnapshotStore } from '@vectorizer/cluster';
import { Log } from '@vectorizer/log';
import { createLogger } from '@vectorizer/telemetry';
import { IndexNode } from '../src/index-node.ts';

/** An index node as a process of its own: says its id once it is open, and takes lines that say what to do. */
export async function runIndexNode(nats: string, directory: string): Promise<void> {
  const logger = createLogger({ service: 'index', level: 'silent' });
  const connection = await connectNats({ servers: nats, name: 'index' });
  const shared = { connection, replicas: 1, logger };
  const bus = new NatsBus({ connection, logger });
  const index = await IndexNode.open({
    bus,
    logger,
    directory,
    catalog: await Catalog.open(shared),
    registry: await NodeRegistry.open(shared),
    leases: await Leases.open(shared),
    snapshots: await SnapshotStore.open(shared),
    cluster: await clusterId(shared),
    log: await Log.open(shared),
    sharing: { logBytesMax: 1, logRetentionMs: 0 },
    verifyIntervalMs: 1_000,
    host: '127.0.0.1',
    port: 15_013,
  });
  process.stdout.write(`${index.node}\n`);
  for await (const line of createInterface(process.stdin)) {
    if (line === 'stop') break;
    setClockBack(Number(line));
    process.stdout.write('set\n');
  }
  await index.close();
  await bus.close();
  await connection.close();
  // As the services do: a store that could not be written keeps a thread of lmdb's waiting.
  process.exit(0);
}

/** As whoever sets a machine's clock does: of this process, every look at it from now on. */
function setClockBack(ms: number): void {
  const { now } = Date;
  const RealDate = Date;
  Date.now = () => now() - ms;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, given) => Reflect.construct(target, given.length === 0 ? [Date.now()] : given) as object,
  });
}
