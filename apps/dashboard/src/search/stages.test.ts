import { describe, expect, it } from '@jest/globals';
import { stagesOf } from './stages.ts';

describe('the stages of a search', () => {
  it('are those that the server tells, and what is left of the whole', () => {
    const stages = stagesOf('plan;dur=0.5, shards;dur=2, queue;dur=0.25, search;dur=1.5, merge;dur=0.1', 4);
    expect(stages.map(({ name, ms, inner }) => [name, ms, inner])).toEqual([
      ['plan', 0.5, false],
      ['shards', 2, false],
      ['queue', 0.25, true],
      ['search', 1.5, true],
      ['merge', 0.1, false],
      ['gateway and network', expect.closeTo(1.4), false],
    ]);
  });

  it('are the whole alone when the server tells none', () => {
    expect(stagesOf(null, 4).map(({ ms }) => ms)).toEqual([4]);
  });
});
