import { describe, expect, it } from '@jest/globals';
import { CollectionUid, NodeId, type Checkpoint, type ReplicaReport } from '@vectorizer/contracts';
import { differences, type Difference } from './differences.ts';
import { ToldStates } from './told-states.ts';

type Told = readonly [sequence: number, state: string];

/** A replica that has told of these states, as `hash chain`, one report each. */
function teller(name: string, ...told: readonly Told[]): { node: NodeId; states: ToldStates } {
  const states = new ToldStates();
  for (const [sequence, state] of told) states.hear(report(sequence, state));
  return { node: NodeId.parse(name), states };
}

function report(applied_sequence: number, state: string, more: Partial<ReplicaReport> = {}): ReplicaReport {
  const [state_hash = '', chain = ''] = state.split(' ');
  return {
    node: NodeId.parse('any'),
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
    ...more,
  };
}
const checkpoints = (state_hash: string): Checkpoint[] => [{ sequence: 64, state_hash, chain: 'c' }];
const found = (...tellers: ReturnType<typeof teller>[]): Record<string, Difference> =>
  Object.fromEntries(differences(tellers));

describe('replicas that differ', () => {
  it('are none when all agree, are alone, or have no sequence in common', () => {
    expect(found()).toEqual({});
    expect(found(teller('a', [5, 'x c']))).toEqual({});
    expect(found(teller('a', [5, 'x c']), teller('b', [5, 'x c']))).toEqual({});
    expect(found(teller('a', [5, 'x c']), teller('b', [6, 'y c']))).toEqual({});
  });

  it('are those that the majority contradicts, by their state or by their entries', () => {
    const [a, c] = [teller('a', [5, 'x c']), teller('c', [5, 'x c'])];
    expect(found(a, teller('b', [5, 'y c']), c)).toEqual({ b: { sequence: 5, of: 'state', tied: false } });
    expect(found(a, teller('b', [5, 'x d']), c)).toEqual({ b: { sequence: 5, of: 'chain', tied: false } });
  });

  it('are all of those that agree in their entries but not in their state, when there is no majority', () => {
    const tied = { sequence: 5, of: 'state', tied: true };
    expect(found(teller('a', [5, 'x c']), teller('b', [5, 'y c']))).toEqual({ a: tied, b: tied });
    const three = found(teller('a', [5, 'x c']), teller('b', [5, 'y c']), teller('c', [5, 'x d']));
    expect(three).toEqual({ a: tied, b: tied, c: { sequence: 5, of: 'chain', tied: false } });
  });

  it('are not judged without a majority before all have told of the sequence', () => {
    const [a, b] = [teller('a', [4, 'w b'], [5, 'x c']), teller('b', [4, 'w b'], [5, 'y c'])];
    expect(found(a, b, teller('c', [4, 'w b']))).toEqual({});
    expect(found(a, b, teller('c', [4, 'w b'], [5, 'y c']))).toEqual({ a: { sequence: 5, of: 'state', tied: false } });
  });

  it('are all when each has applied something else', () => {
    const tied = { sequence: 5, of: 'chain', tied: true };
    expect(found(teller('a', [5, 'x c']), teller('b', [5, 'x d']))).toEqual({ a: tied, b: tied });
  });

  it('are found while they apply at different paces, at the newest sequence that they have told of', () => {
    const ahead = teller('a', [64, 'x c'], [128, 'z e'], [200, 'q f']);
    expect(found(ahead, teller('b', [64, 'y c'], [70, 'w d']))).toMatchObject({
      a: { sequence: 64 },
      b: { tied: true },
    });
    expect(found(ahead, teller('b', [64, 'y c'], [128, 'z e']))).toEqual({});
  });

  it('compares what is told at the agreed sequences', () => {
    const [a, b] = [teller('a'), teller('b')];
    a.states.hear(report(90, 'x e', { checkpoints: checkpoints('one') }));
    b.states.hear(report(77, 'y d', { checkpoints: checkpoints('other') }));
    expect(found(a, b)).toMatchObject({ a: { sequence: 64, of: 'state' }, b: { sequence: 64 } });
  });

  it('are forgotten when they are built anew', () => {
    const a = teller('a', [64, 'x c'], [128, 'z e']);
    const b = teller('b', [64, 'x c'], [128, 'y e']);
    expect(found(a, b)).toMatchObject({ b: { sequence: 128 } });
    b.states.hear(report(0, '0 0', { phase: 'syncing' }));
    expect(found(a, b)).toEqual({});
    b.states.hear(report(128, 'z e'));
    expect(found(a, b)).toEqual({});
  });

  it('remembers a bounded number of states, the newest', () => {
    const { states } = teller('a', ...Array.from({ length: 200 }, (_, i): Told => [i + 1, 'x c']));
    expect([...states.sequences]).toHaveLength(64);
    expect(states.at(137)).toBeDefined();
    expect(states.at(136)).toBeUndefined();
  });
});
