import { describe, expect, it } from '@jest/globals';
import { CollectionRecord, NodeId, type ReplicaReport } from '@vectorizer/contracts';
import { ReplicaTable } from './replica-table.ts';
import { Routing } from './routing.ts';

const record = CollectionRecord.parse({
  v: 1,
  uid: '0123456789abcdef',
  name: 'books',
  created_at: '2026-01-01T00:00:00.000Z',
  config: { dimension: 2 },
  placement: [['a', 'b', 'c']],
});
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

  order(needed = 0): string {
    return this.routing.candidates(record, 0, needed).join('');
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
