/**
 * Where the time of a read goes, in order. At the query service: `plan` until it is known what to ask for, `cache` looking
 * for an answer that is there already, `shards` until the last shard has answered, `merge`. Within `shards`, of the shard
 * that took longest, for a search: `wait` for the sequence that was demanded, `queue` for its turn, `search` itself.
 */
export const readStages = ['plan', 'cache', 'shards', 'wait', 'queue', 'search', 'merge'] as const;
export type ReadStage = (typeof readStages)[number];

/** In milliseconds; a stage that the read did not pass is absent. */
export type ReadStages = Readonly<Partial<Record<ReadStage, number>>>;

/** An index node's part of them. */
export type ShardStages = { readonly wait: number; readonly queue: number; readonly search: number };
