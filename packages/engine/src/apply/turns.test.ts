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
    const turns = new Turns();
    turns.searching();
    turns.searched();
    await turns.next();
    const begun = performance.now();
    while (performance.now() < begun + 1) turns.searched();
    const worked = performance.now() - begun;
    const ended = performance.now();
    await turns.rest();
    expect(performance.now() - ended).toBeGreaterThan(2 * worked);
  });
});
