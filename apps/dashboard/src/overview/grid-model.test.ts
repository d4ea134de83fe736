import { describe, expect, it } from '@jest/globals';
import { CollectionName, NodeId, type DashboardReplica } from '@vectorizer/contracts';
import { gridOf } from './grid-model.ts';

const collection = (name: string): DashboardReplica['collection'] => CollectionName.parse(name);

function replica(node: string, name: string, shard: number): DashboardReplica {
  return {
    id: `${node}/${name}/${shard}`,
    node: NodeId.parse(node),
    collection: collection(name),
    shard,
    address: `${node}:1`,
    status: 'Connected',
    lag_ms: 0,
    lag_entries: 0,
    primary: false,
    offset: 7,
  };
}

describe('the grid', () => {
  it('has a column for each shard, ordered by collection and number, and a row for each node, also for one that holds nothing', () => {
    const grid = gridOf({
      replicas: [replica('b', 'films', 10), replica('a', 'films', 2), replica('b', 'books', 0)],
      agreement: [],
      nodes: [{ node: NodeId.parse('c'), address: 'c:1', silent_ms: 5 }],
    });
    expect(grid.collections).toEqual([
      { name: 'books', shards: [0] },
      { name: 'films', shards: [2, 10] },
    ]);
    expect(grid.rows.map(({ node, cells }) => [node, ...cells.map((cell) => cell?.id)])).toEqual([
      ['a', undefined, 'a/films/2', undefined],
      ['b', 'b/books/0', undefined, 'b/films/10'],
      ['c', undefined, undefined, undefined],
    ]);
  });

  it('tells of each column whether its replicas agree', () => {
    const agreed = { collection: collection('films'), shard: 1, sequence: 64, compared: 2, replicas: 2, agreed: true };
    const grid = gridOf({
      replicas: [replica('a', 'films', 0), replica('a', 'films', 1)],
      agreement: [agreed],
      nodes: [],
    });
    expect(grid.agreement).toEqual([undefined, agreed]);
  });
});
