import type { DashboardReplica, NodeSample, ReplicationSample, ShardAgreement } from '@vectorizer/contracts';

type Known = Pick<ReplicationSample, 'replicas' | 'agreement'> & { readonly nodes: readonly NodeSample[] };

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
  /** Since it was last heard; null when it never was. */
  readonly silentMs: number | null;
  /** By column; undefined where the node has no replica of the shard. */
  readonly cells: readonly (DashboardReplica | undefined)[];
};

export function gridOf({ replicas, agreement, nodes }: Known): Grid {
  const collections = [...Map.groupBy(replicas, ({ collection }) => collection)]
    .map(([name, all]) => ({ name, shards: [...new Set(all.map(({ shard }) => shard))].toSorted((a, b) => a - b) }))
    .toSorted((a, b) => a.name.localeCompare(b.name));
  const columns = collections.flatMap(({ name, shards }) => shards.map((shard) => columnOf(name, shard)));
  const held = Map.groupBy(replicas, ({ node }) => node);
  // One that has joined and holds nothing shows, too, and so does one that has left and should hold something.
  const known = new Map(nodes.map((node) => [node.node, node]));
  const names = [...new Set([...held.keys(), ...known.keys()])].toSorted((a, b) => a.localeCompare(b));
  const agreed = new Map(agreement.map((each) => [columnOf(each.collection, each.shard), each]));
  return {
    collections,
    rows: names.map((node) => {
      const own = held.get(node) ?? [];
      const cells = new Map(own.map((replica) => [columnOf(replica.collection, replica.shard), replica]));
      const address = known.get(node)?.address ?? own[0]?.address ?? null;
      const silentMs = known.get(node)?.silent_ms ?? null;
      return { node, address, silentMs, cells: columns.map((column) => cells.get(column)) };
    }),
    agreement: columns.map((column) => agreed.get(column)),
  };
}

function columnOf(collection: string, shard: number): string {
  return `${collection}/${shard}`;
}
