export { Catalog, type CatalogChange } from './catalog.ts';
export { clusterId } from './cluster-id.ts';
export { connectNats, type NatsOptions } from './connection.ts';
export { checkDurability } from './durability.ts';
export { lockDirectory, type DirectoryLock } from './directory-lock.ts';
export { Leases, type Lease } from './leases.ts';
export { LocalBus } from './local-bus.ts';
export { NatsBus } from './nats-bus.ts';
export { NodeRegistry, type NodeRecord } from './node-registry.ts';
