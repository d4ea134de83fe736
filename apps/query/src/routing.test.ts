import { describe, expect, it } from '@jest/globals';
import { NodeId, type ReplicaReport } from '@vectorizer/contracts';
import { collectionRecord } from '@vectorizer/testing';
import { ReplicaTable } from './replica-table.ts';
import { Routing } from './routing.ts';

const record = collectionRecord({ placement: [['a', 'b', 'c']] });
const [a, b, c] = ['a', 'b', 'c'].map((name) => NodeId.parse(name)) as [NodeId, NodeId, NodeId];

class World {
  nowMs = 0;
  readonly table = new ReplicaTable();
  hearingSinceMs = 0;
  readonly silent = new Set<string>();
  readonly routing = new Routing({
    table: this.table,
    bus: { hearingSince: () => this.hearingSinceMs, isSilent: (node) => this.silent.has(node) },
    now: () => this.nowMs,
    disconnectedAfterMs: 7_000,
  });

  hear(node: NodeId, said: Partial<ReplicaReport> = {}): void {
    const replicas = [
      {
        node,
        uid: record.uid,
        shard: 0,
        phase: 'following',
        applied_sequence: 10,
        durable_sequence: 10,
        points: 0,
        indexed: 0,
        buffered: 0,
        dead: 0,
        state_hash: '',
        chain: '',
        bytes_received: 0,
        entries_applied: 10,
        operations_applied: 10,
        entries_rejected: 0,
        last_applied_at: null,
        ...said,
      } satisfies ReplicaReport,
    ];
    this.table.hear({ node, at: '', host: '', port: 1, replicas }, this.nowMs, () => record);
  }

  /** A node tells of its progress only. */
  progressed(node: NodeId, sequence: number): void {
    this.table.progressed({ node, applied: [{ uid: record.uid, shard: 0, sequence }] }, this.nowMs, () => record);
  }

  order(needed = 0, preferred = needed): string {
    return this.routing.candidates(record, 0, { needed, preferred }).join('');
  }
}

describe('choosing a replica', () => {
  it('takes those that nobody has heard of yet in turn', () => {
    const world = new World();
    expect([world.order(), world.order(), world.order(), world.order()]).toEqual(['abc', 'bca', 'cab', 'abc']);
  });

  it('prefers ready to behind, behind to syncing, and any that was heard lately to the silent', () => {
    const world = new World();
    world.hear(a);
    world.nowMs = 3_001;
    world.hear(b, { applied_sequence: 4 });
    expect(world.order(5)[0]).toBe('b');
    world.hear(c, { phase: 'syncing', applied_sequence: 10 });
    expect(world.order(5)).toBe('bca');
    world.hear(a, { applied_sequence: 5 });
    for (let i = 0; i < 3; i++) expect(world.order(5)).toBe('abc');
  });

  it('goes by what a node said last of its progress, and takes back what it no longer says', () => {
    const world = new World();
    for (const node of [a, b, c]) world.hear(node);
    world.progressed(b, 15);
    for (let i = 0; i < 3; i++) expect(world.order(12)[0]).toBe('b');
    // Built anew.
    world.hear(b, { applied_sequence: 3 });
    for (let i = 0; i < 3; i++) expect(world.order(5)[2]).toBe('b');
  });

  it('prefers those that keep up with the log to one that lags, whoever of them told last', () => {
    const world = new World();
    for (const node of [a, b, c]) world.hear(node);
    for (let round = 1; round <= 10; round++) {
      world.progressed(a, 100 * round);
      world.progressed(c, 10 + round);
      world.nowMs += 10;
      world.progressed(b, 100 * round + 50);
      world.nowMs += 10;
      // What was just written nobody is known to have; what anybody has, better one that is not stale; both in turn.
      for (const needed of [0, 100 * round + 70]) {
        const orders = [0, 1, 2].map(() => world.order(needed, 100 * round + 70));
        expect(orders.map((order) => order[2])).toEqual(['c', 'c', 'c']);
        expect(new Set(orders.map((order) => order[0]))).toEqual(new Set(['a', 'b']));
      }
    }
    // The others have nothing new to say, and one of them is gone.
    world.nowMs += 1_000;
    world.silent.add(b);
    expect(world.order(1_000, 1_050)[0]).toBe('a');
  });

  it('counts a replica as heard for exactly three seconds', () => {
    const world = new World();
    world.hear(b);
    world.nowMs = 3_000;
    for (let i = 0; i < 3; i++) expect(world.order()[0]).toBe('b');
    world.nowMs = 3_001;
    expect(new Set([world.order()[0], world.order()[0], world.order()[0]]).size).toBe(3);
  });

  it('asks last whose process has fallen silent, whenever it last told of its replicas', () => {
    const world = new World();
    for (const node of [a, b, c]) world.hear(node);
    world.silent.add(a).add(b);
    for (let i = 0; i < 3; i++) expect(world.order()[0]).toBe('c');
    expect(world.order()).toHaveLength(3);
  });

  it('leaves out those that have stopped', () => {
    const world = new World();
    world.hear(a, { phase: 'diverged' });
    world.hear(b, { phase: 'failed' });
    expect(world.order()).toBe('c');
    world.hear(c, { phase: 'failed' });
    expect(world.order()).toBe('');
  });

  it('leaves out one that was silent for longer than the setting says', () => {
    const world = new World();
    for (const node of [a, b, c]) world.hear(node);
    world.nowMs = 7_000;
    expect(world.order()).toHaveLength(3);
    world.nowMs = 7_001;
    expect(world.order()).toBe('');
  });

  it('takes no silence for theirs that was its own', () => {
    const world = new World();
    for (const node of [a, b, c]) world.hear(node);
    world.nowMs = 60_000;
    expect(world.order()).toBe('');
    world.hearingSinceMs = 59_000;
    expect(world.order()).toHaveLength(3);
  });

  it('takes the one with the fewest calls in flight', () => {
    const world = new World();
    for (const node of [a, b, c]) world.hear(node);
    world.routing.began(a);
    world.routing.began(a);
    world.routing.began(b);
    for (let i = 0; i < 3; i++) expect(world.order()).toBe('cba');
    world.routing.ended(a);
    world.routing.ended(a);
    world.routing.ended(b);
    expect(new Set([world.order()[0], world.order()[0], world.order()[0]]).size).toBe(3);
  });

  it('ignores reports of replicas that are not placed there', () => {
    const world = new World();
    const stranger = NodeId.parse('stranger');
    world.hear(stranger);
    expect(world.table.heard(record.uid, 0).size).toBe(0);
  });
});
