import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Turns } from './turns.ts';

describe('turns on the event loop', () => {
  it('begins one slice in each turn of the loop, in the order in which they were asked for', async () => {
    const turns = new Turns();
    const begun: string[] = [];
    void turns.next().then(() => begun.push('first'));
    void turns.next().then(() => begun.push('second'));
    await turnOfTheLoop();
    expect(begun).toEqual(['first']);
    await turnOfTheLoop();
    expect(begun).toEqual(['first', 'second']);
  });

  it('lets a search go first that came in after the slice was asked for, but not every time', async () => {
    const turns = new Turns();
    const order: string[] = [];
    const slice = turns.next().then(() => order.push('slice'));
    turns.searching();
    setImmediate(() => order.push('search'));
    await slice;
    expect(order).toEqual(['search', 'slice']);
    // It waits all the time now.
    const turnsOfTheLoop = async (): Promise<number> => {
      const begun: boolean[] = [];
      void turns.next().then(() => begun.push(true));
      let passed = 0;
      for (; begun.length === 0; passed++) await turnOfTheLoop();
      return passed;
    };
    expect(await turnsOfTheLoop()).toBe(2);
    expect(await turnsOfTheLoop()).toBe(2);
  });

  it('makes slices short while there are searches', async () => {
    const turns = new Turns();
    await turns.next();
    const quiet = turns.sliceMs;
    turns.searching();
    turns.searched();
    await turns.next();
    expect(turns.sliceMs).toBeLessThan(quiet);
  });

  it('lets what can wait rest for longer than it worked', async () => {
    const clock = { nowMs: 0 };
    const turns = new Turns(() => clock.nowMs);
    turns.searching();
    turns.searched();
    await turns.next();
    clock.nowMs += 1;
    const ended = performance.now();
    await turns.next('patient');
    // Timers may fire a little early.
    expect(performance.now() - ended).toBeGreaterThan(2);
  });

  it.each([0.3, 1, 4])('gives urgent work half of the loop beside searches of %d ms a turn', async (searchesMs) => {
    const clock = { nowMs: 0 };
    const turns = new Turns(() => clock.nowMs);
    const worked: Record<'usual' | 'urgent', number[]> = { usual: [], urgent: [] };
    let ended = false;
    const work = async (haste: 'usual' | 'urgent'): Promise<void> => {
      for (;;) {
        await turns.next(haste);
        if (ended) return;
        clock.nowMs += turns.sliceMs;
        worked[haste].push(turns.sliceMs);
      }
    };
    // Two replicas are late, and share the half; there is other work.
    const working = [work('urgent'), work('urgent'), work('usual')];
    // As many searches as there is time for.
    while (clock.nowMs < 10_000) {
      turns.searching();
      await turnOfTheLoop();
      clock.nowMs += searchesMs;
      turns.searched();
    }
    ended = true;
    await Promise.all(working);
    const share = (slices: readonly number[]): number => slices.reduce((sum, ms) => sum + ms, 0) / clock.nowMs;
    expect(share(worked.urgent)).toBeGreaterThan(0.45);
    expect(share(worked.urgent)).toBeLessThan(0.55);
    expect(Math.max(...worked.urgent)).toBeLessThanOrEqual(8);
    expect(share(worked.usual)).toBeGreaterThan(0.02);
  });
});
