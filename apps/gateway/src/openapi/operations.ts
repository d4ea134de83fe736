import type { Operations } from './operation.ts';
import { accessOperations } from './operations/access.ts';
import { collectionOperations } from './operations/collections.ts';
import { eventOperations } from './operations/events.ts';
import { pointOperations } from './operations/points.ts';
import { replicationOperations } from './operations/replication.ts';
import { searchOperations } from './operations/search.ts';
import { snapshotOperations } from './operations/snapshots.ts';
import { systemOperations } from './operations/system.ts';

/** Every operation of the gateway's API: a test holds them to the routes that there are. */
export const operations: Operations = {
  ...collectionOperations,
  ...pointOperations,
  ...searchOperations,
  ...snapshotOperations,
  ...replicationOperations,
  ...eventOperations,
  ...accessOperations,
  ...systemOperations,
};
