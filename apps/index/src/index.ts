export { readIndexConfig, type IndexConfig } from './config.ts';
export { indexHealth } from './index-health.ts';
export { IndexNode, type IndexNodeOptions } from './index-node.ts';
