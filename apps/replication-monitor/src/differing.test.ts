import { describe, expect, it } from '@jest/globals';
import { CollectionUid, NodeId, type ReplicaReport } from '@vectorizer/contracts';
import { differing } from './differing.ts';

function report(node: string, applied_sequence: number, state: string): ReplicaReport {
  const [state_hash = '', chain = ''] = state.split(' ');
  return {
    node: NodeId.parse(node),
    uid: CollectionUid.parse('0123456789abcdef'),
    shard: 0,
    phase: 'following',
    applied_sequence,
    durable_sequence: 0,
    points: 0,
    indexed: 0,
    buffered: 0,
    dead: 0,
    state_hash,
    chain,
    bytes_received: 0,
    entries_applied: 0,
    operations_applied: 0,
    entries_rejected: 0,
    last_applied_at: null,
  };
}
const nodes = (reports: ReplicaReport[]): string[] => [...differing(reports)];

describe('replicas that differ', () => {
  it('are none when all agree, or are at different sequences', () => {
    expect(nodes([])).toEqual([]);
    expect(nodes([report('a', 5, 'x c'), report('b', 5, 'x c')])).toEqual([]);
    expect(nodes([report('a', 5, 'x c'), report('b', 6, 'y c')])).toEqual([]);
  });

  it('are those that the majority contradicts', () => {
    expect(nodes([report('a', 5, 'x c'), report('b', 5, 'y c'), report('c', 5, 'x c')])).toEqual(['b']);
    expect(nodes([report('a', 5, 'x c'), report('b', 5, 'x d'), report('c', 5, 'x c')])).toEqual(['b']);
  });

  it('are all when nobody can tell who is right', () => {
    expect(nodes([report('a', 5, 'x c'), report('b', 5, 'y c')])).toEqual(['a', 'b']);
  });
});
