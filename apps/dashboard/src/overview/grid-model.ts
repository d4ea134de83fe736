import type { DashboardReplica, ReplicationSample, ShardAgreement } from '@vectorizer/contracts';

/** Nodes by shards, as a table: one column for each shard, one row for each node. */
export type Grid = {
  readonly collections: readonly { readonly name: string; readonly shards: readonly number[] }[];
  readonly rows: readonly GridRow[];
  /** By column. */
  readonly agreement: readonly (ShardAgreement | undefined)[];
};
export type GridRow = {
  readonly node: string;
  readonly address: string | null;
  /** By column; undefined where the node has no replica of the shard. */
  readonly cells: readonly (DashboardReplica | undefined)[];
};

export function gridOf({ replicas, agreement }: Pick<ReplicationSample, 'replicas' | 'agreement'>): Grid {
  const collections = [...Map.groupBy(replicas, ({ collection }) => collection)]
    .map(([name, all]) => ({ name, shards: [...new Set(all.map(({ shard }) => shard))].toSorted((a, b) => a - b) }))
    .toSorted((a, b) => a.name.localeCompare(b.name));
  const columns = collections.flatMap(({ name, shards }) => shards.map((shard) => columnOf(name, shard)));
  const nodes = [...Map.groupBy(replicas, ({ node }) => node)].toSorted(([a], [b]) => a.localeCompare(b));
  const agreed = new Map(agreement.map((each) => [columnOf(each.collection, each.shard), each]));
  return {
    collections,
    rows: nodes.map(([node, all]) => {
      const cells = new Map(all.map((replica) => [columnOf(replica.collection, replica.shard), replica]));
      return { node, address: all[0]?.address ?? null, cells: columns.map((column) => cells.get(column)) };
    }),
    agreement: columns.map((column) => agreed.get(column)),
  };
}

function columnOf(collection: string, shard: number): string {
  return `${collection}/${shard}`;
}
