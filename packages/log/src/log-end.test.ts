import { describe, expect, it } from '@jest/globals';
import { endReaching, type LogEnd } from './index.ts';

/** A log whose leader says one end after the other, and how often it was asked. */
function leader(servers: number, ends: readonly number[]): { ask: () => Promise<LogEnd>; asked: number } {
  const told = {
    asked: 0,
    async ask(): Promise<LogEnd> {
      const lastSequence = ends[Math.min(told.asked, ends.length - 1)] ?? 0;
      told.asked += 1;
      return Promise.resolve({ created: 'then', lastSequence, servers });
    },
  };
  return told;
}

describe('where a log ends', () => {
  it('is asked once where that is far enough', async () => {
    const log = leader(3, [7]);
    expect((await endReaching(7, log.ask)).lastSequence).toBe(7);
    expect(log.asked).toBe(1);
  });

  it('is asked again of a leader that may not know its own last entries yet', async () => {
    const log = leader(3, [5, 5, 8]);
    expect((await endReaching(7, log.ask)).lastSequence).toBe(8);
    expect(log.asked).toBe(3);
  });

  it('is what the only server of a log says', async () => {
    const log = leader(1, [5, 8]);
    expect((await endReaching(7, log.ask)).lastSequence).toBe(5);
    expect(log.asked).toBe(1);
  });

  it('is asked no more once nobody waits for it', async () => {
    const log = leader(3, [5]);
    expect((await endReaching(7, log.ask, AbortSignal.abort())).lastSequence).toBe(5);
    expect(log.asked).toBe(1);
  });
});
