import { describe, expect, it } from '@jest/globals';
import { rankExactly } from './exact-scan.ts';

/** More than are looked at before others have their turn. */
function* manyIds(): Generator<string> {
  for (let i = 0; i < 2_000_000; i++) yield 'a';
}

describe('a scan of stored vectors', () => {
  it('ends when nobody waits for it any more (regression)', async () => {
    const query = Float32Array.of(1, 0);
    const wanted = { metric: 'dot', query, k: 1, vectorOf: () => query, deadline: 0 } as const;
    await expect(rankExactly(manyIds(), wanted)).rejects.toMatchObject({ type: 'deadline_exceeded' });
    expect(await rankExactly(['a'], wanted)).toEqual([{ id: 'a', score: 1, version: 0 }]);
  });
});
