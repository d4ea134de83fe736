import { describe, expect, it } from '@jest/globals';
import type { PointRecord } from '../state/record.ts';
import type { Snapshot } from '../state/snapshot.ts';
import { digestOf } from '../state/state-hash.ts';
import { Stage, type Base } from './stage.ts';

const record = (n: number): PointRecord => ({
  version: n,
  vectorVersion: n,
  vector: Float32Array.of(n, 2),
  payload: `{"n":${n}}`,
});
const stored = new Map([1, 2, 3, 4].map((n) => [`p${n}`, record(n)]));
const base: Base = {
  point: (id) => stored.get(id),
  snapshot: () =>
    ({
      points: () => [...stored].map(([id, each]) => ({ id, record: each })),
      [Symbol.dispose]: () => undefined,
    }) as unknown as Snapshot,
};

describe.each(['points', 'pointsOf'] as const)('points that are deleted as they come, of %s', (way) => {
  it('come once each, and leave behind all but their vectors', () => {
    const stage = new Stage(base);
    stage.get('p2');
    stage.set('p2', { ...record(9), vector: Float32Array.of(7, 7) });
    const seen: string[] = [];
    for (const { id, record: found } of way === 'points' ? stage.points() : stage.pointsOf(['p1', 'p2', 'p3', 'p1'])) {
      seen.push(id);
      if (id !== 'p4') stage.delete(id, found);
    }
    expect(seen).toEqual(way === 'points' ? ['p2', 'p1', 'p3', 'p4'] : ['p2', 'p1', 'p3']);
    expect([...stage.points()].map(({ id }) => id)).toEqual(['p4']);
    expect(stage.get('p1')).toBeUndefined();
    const bytes = ['p1', 'p3'].map((id) => stage.before.get(id)?.vector.byteLength);
    expect(bytes).toEqual([0, 0]);
    // What the state hash loses is the digest of the point as it was.
    expect(stage.before.get('p1')?.digest).toBe(digestOf('p1', record(1)));
    expect(stage.before.get('p2')).toEqual(record(2));
  });
});
