import { describe, expect, it } from '@jest/globals';
import { WatchedCheck } from './watched-check.ts';

type Detail = Record<string, unknown>;

/** A check whose answers are given by hand. */
function held(): { check: WatchedCheck; answer: (detail: Detail | Error) => void; runs: () => number } {
  const waiting: PromiseWithResolvers<Detail>[] = [];
  let answered = 0;
  const run = async (): Promise<Detail> => {
    const next = Promise.withResolvers<Detail>();
    waiting.push(next);
    return next.promise;
  };
  return {
    check: new WatchedCheck({ name: 'log', needed: true, check: run }),
    runs: () => waiting.length,
    answer(detail) {
      const next = waiting[answered++];
      if (detail instanceof Error) next?.reject(detail);
      else next?.resolve(detail);
    },
  };
}

/** Until what was asked for has begun. */
async function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** How long something took, beside what came of it. */
async function timed<T>(work: Promise<T>): Promise<{ ms: number; result: T }> {
  const start = performance.now();
  const result = await work;
  return { ms: performance.now() - start, result };
}

describe('WatchedCheck', () => {
  it('runs once for all who ask at the same time', async () => {
    const { check, answer, runs } = held();
    const asked = [check.look(), check.look(), check.look()];
    await turn();
    answer({ rtt_ms: 1 });
    expect(await Promise.all(asked)).toEqual([{ rtt_ms: 1 }, { rtt_ms: 1 }, { rtt_ms: 1 }]);
    expect(runs()).toBe(1);
  });

  it('does not look again at what was well just now', async () => {
    const { check, answer, runs } = held();
    const first = check.look();
    await turn();
    answer({ rtt_ms: 1 });
    await first;
    expect(await check.look()).toEqual({ rtt_ms: 1 });
    expect(runs()).toBe(1);
  });

  it('answers what it found last while it takes long, and then that it fails', async () => {
    const { check, answer } = held();
    const first = check.look();
    await turn();
    answer({ rtt_ms: 1 });
    await first;
    const { ms, result } = await timed(check.look());
    expect(result).toEqual({ rtt_ms: 1 });
    expect(ms).toBeLessThan(1_000);
    const failure = async (): Promise<string> => check.look().then(() => '', String);
    while ((await failure()) === '') await turn();
    expect(await failure()).toContain('no answer within 2000 ms');
  });

  it('tells a failure, and that it is over', async () => {
    const { check, answer } = held();
    const failing = check.look();
    await turn();
    answer(new Error('the server is away'));
    await expect(failing).rejects.toThrow('the server is away');
    const well = check.look();
    await turn();
    answer({ rtt_ms: 2 });
    expect(await well).toEqual({ rtt_ms: 2 });
  });
});
