export type { LoggedEntry } from './apply/prepare.ts';
export { compileFilter, type Matcher } from './filter/compile.ts';
export { Gpu, gpuModes, type GpuMode } from './gpu/gpu.ts';
export type { EngineLogger } from './shard/logger.ts';
export type { ScrollSpec } from './shard/scan.ts';
export type { ShardSearchResult } from './shard/search.ts';
export { Shard, type Position, type ShardOptions, type ShardReport } from './shard/shard.ts';
export type { Fields } from './shard/views.ts';
export { CHAIN_START, digestOfEntry } from './state/chain.ts';
