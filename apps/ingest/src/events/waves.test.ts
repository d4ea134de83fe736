import { describe, expect, it } from '@jest/globals';
import { wavesOf } from './waves.ts';

const about = (...points: string[]): { points: string[] } => ({ points });

describe('waves', () => {
  it('hold no point twice, and keep the order', () => {
    const items = [about('a'), about('b'), about('a', 'c'), about('d'), about('c'), about('e')];
    expect(wavesOf(items)).toEqual([
      [about('a'), about('b')],
      [about('a', 'c'), about('d')],
      [about('c'), about('e')],
    ]);
    expect(wavesOf([])).toEqual([]);
  });

  it('are one where all points differ, an event with one point several times included', () => {
    const items = [about('a', 'a'), about('b')];
    expect(wavesOf(items)).toEqual([items]);
  });
});
