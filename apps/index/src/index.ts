export { indexConfigOf, type IndexConfig } from './config.ts';
export { indexHealth } from './index-health.ts';
export { IndexNode, type IndexNodeOptions } from './index-node.ts';
export { createIndexApp } from './index-app.ts';
export { OwnReplication } from './own-replication.ts';
