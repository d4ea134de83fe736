import { describe, expect, it } from '@jest/globals';
import { check } from './check.ts';
import type { HistoryEvent } from './history.ts';
import { GoodRun } from './good-run.ts';

/** The rules that the run breaks, each once. */
function brokenRules(run: GoodRun): string[] {
  return [...new Set(check(run.evidence()).map(({ rule }) => rule))].toSorted();
}

type Answer = Extract<HistoryEvent, { type: 'complete' }>;

/** Changes what a call was answered. */
function answered(run: GoodRun, call: number, change: object): void {
  const at = run.history.findIndex((event) => event.type === 'complete' && event.call === call);
  run.history[at] = { ...(run.history[at] as Answer), ...change } as HistoryEvent;
}

const point = (id: string, x: number): { kind: 'upsert'; id: string; vector: number[]; payload: { x: number } } => ({
  kind: 'upsert',
  id,
  vector: [x, 1],
  payload: { x },
});

describe('the checker', () => {
  it('finds nothing in a run that kept every promise', () => {
    const run = new GoodRun();
    run.write([point('a', 1), point('b', 2)]);
    const { version } = run.read({ kind: 'get', id: 'a', consistency: 'strong' }).points[0] ?? { version: 0 };
    run.write([{ kind: 'update', id: 'a', payload: { y: 2 }, if_version: version }]);
    run.write([{ kind: 'insert', id: 'a', vector: [1, 1] }]);
    run.write([{ kind: 'delete', id: 'b' }], { wait: 'logged' });
    run.write([{ kind: 'payload_merge', id: 'b', payload: { z: 1 } }]);
    const key = run.write([{ kind: 'insert', id: 'b', vector: [3, 1] }]);
    run.retry(key);
    run.lost([point('c', 3)], 'unknown');
    run.read({ kind: 'scroll', limit: 2, consistency: 'session' });
    run.read({ kind: 'search', vector: [1, 1], k: 2, exact: true, consistency: 'eventual' });
    run.read({ kind: 'count', consistency: 'strong' });
    run.read({ kind: 'get', id: 'nowhere', consistency: 'strong' });
    expect(check(run.evidence())).toEqual([]);
  });

  it('finds a bounded read that misses what was acknowledged longer ago than it may', () => {
    const run = new GoodRun();
    run.write([point('a', 1)]);
    run.read({ kind: 'get', id: 'a', consistency: 'bounded', max_lag_ms: 0 });
    expect(brokenRules(run)).toEqual([]);
    answered(run, run.last, { token: [0], points: [] });
    expect(brokenRules(run)).toEqual(['stale-bounded-read']);
    const patient = new GoodRun();
    patient.write([point('a', 1)]);
    patient.read({ kind: 'get', id: 'a', consistency: 'bounded', max_lag_ms: 1_000 });
    answered(patient, patient.last, { token: [0], points: [] });
    expect(brokenRules(patient)).toEqual([]);
  });

  it('finds a gateway that forgets what it has acknowledged, unless one was struck', () => {
    const run = new GoodRun();
    run.write([point('a', 1)]);
    run.read({ kind: 'get', id: 'a', consistency: 'default' });
    answered(run, run.last, { token: [0], points: [] });
    expect(brokenRules(run)).toEqual(['forgetful-gateway']);
    run.history.unshift({ type: 'fault', at: 0, what: 'kill gateway-1', phase: 'begin' });
    expect(brokenRules(run)).toEqual([]);
  });

  it('lets a read be as old as it takes, but never one that refuses what a cache kept', () => {
    const search = { kind: 'search', vector: [1, 1], k: 1, exact: true } as const;
    const run = new GoodRun();
    run.write([point('a', 1)]);
    run.read({ ...search, consistency: 'default', max_staleness_ms: 1_000 });
    answered(run, run.last, { token: [0], points: [], cache: 'hit' });
    expect(brokenRules(run)).toEqual([]);
    run.read({ ...search, consistency: 'default', no_cache: true });
    answered(run, run.last, { cache: 'bypass' });
    expect(brokenRules(run)).toEqual([]);
    answered(run, run.last, { cache: 'hit' });
    expect(brokenRules(run)).toEqual(['kept-answer-forced']);
  });

  it('lets an unknown write happen', () => {
    const run = new GoodRun();
    const key = run.lost([point('a', 1)], 'unknown');
    run.arrive(key);
    run.read({ kind: 'get', id: 'a', consistency: 'strong' });
    expect(check(run.evidence())).toEqual([]);
  });

  it('finds an acknowledged write that the log does not hold', () => {
    const run = new GoodRun();
    run.write([point('a', 1)]);
    run.write([point('b', 1)], { wait: 'logged' });
    run.logs[0]?.pop();
    expect(brokenRules(run)).toEqual(['lost-write']);
  });

  it('finds an acknowledged refusal that was never decided', () => {
    const run = new GoodRun();
    run.write([point('a', 1)]);
    run.write([{ kind: 'insert', id: 'a', vector: [1, 1] }]);
    answered(run, run.last, { sequences: null });
    run.logs[0]?.pop();
    expect(brokenRules(run)).toEqual(['lost-write']);
  });

  it('finds an error that says that the write is in the log, where it is not', () => {
    const run = new GoodRun();
    run.write([point('a', 1)]);
    run.lost([point('b', 1)], 'unknown');
    answered(run, run.last, { logged: true, sequences: [1] });
    expect(brokenRules(run)).toEqual(['lost-write']);
  });

  it('finds a refused write that happened', () => {
    const run = new GoodRun();
    run.arrive(run.lost([point('a', 1)], 'refused'));
    expect(brokenRules(run)).toEqual(['refused-write']);
  });

  it('finds a retry that was applied again, by its answer and by the state', () => {
    const run = new GoodRun();
    const key = run.write([point('a', 1)]);
    run.retry(key);
    answered(run, run.last, { results: [{ status: 'updated', version: 2 }] });
    expect(brokenRules(run)).toEqual(['wrong-outcome']);
    const silent = new GoodRun();
    silent.retry(silent.write([point('a', 1)]));
    silent.replicas = silent.replicasAtEnd().map((replica) => ({ ...replica, state_hash: 'of version 2' }));
    expect(brokenRules(silent)).toEqual(['replica-differs']);
  });

  it('finds an outcome that the order does not explain', () => {
    const run = new GoodRun();
    run.write([point('a', 1)]);
    run.write([{ kind: 'delete', id: 'a', if_version: 7 }]);
    answered(run, run.last, { results: [{ status: 'deleted', version: 2 }] });
    expect(brokenRules(run)).toEqual(['wrong-outcome']);
  });

  it('finds entries that nobody sent, that are not as they were sent, and that are missing', () => {
    const foreign = new GoodRun();
    foreign.append('nobody', [point('a', 1)]);
    expect(brokenRules(foreign)).toEqual(['foreign-entry']);
    const changed = new GoodRun();
    changed.arriveAs(changed.lost([point('a', 1)], 'unknown'), [point('a', 2)]);
    expect(brokenRules(changed)).toEqual(['foreign-entry']);
    const gap = new GoodRun();
    gap.lost([point('a', 1)], 'unknown');
    gap.arrive(gap.lost([point('b', 1)], 'unknown'));
    gap.arrive(gap.lost([point('c', 1)], 'unknown'));
    gap.logs[0]?.shift();
    expect(brokenRules(gap)).toContain('log-gap');
  });

  it('finds a write that the log holds before one that was acknowledged when it began', () => {
    const run = new GoodRun();
    run.write([point('a', 1)]);
    run.write([point('b', 1)]);
    const [first, second] = run.logs[0] ?? [];
    run.swap();
    expect([first, second]).not.toContain(undefined);
    expect(brokenRules(run)).toContain('order');
  });

  it('finds two changes of one version', () => {
    const run = new GoodRun();
    run.write([point('a', 1)]);
    run.write([{ kind: 'update', id: 'a', payload: { by: 1 }, if_version: 1 }]);
    run.write([{ kind: 'update', id: 'a', payload: { by: 2 }, if_version: 1 }]);
    answered(run, run.last, { results: [{ status: 'updated', version: 3 }] });
    expect(brokenRules(run)).toEqual(['conflict', 'wrong-outcome']);
  });

  it('finds an insertion of a living point', () => {
    const run = new GoodRun();
    run.write([{ kind: 'insert', id: 'a', vector: [1, 1] }]);
    run.write([{ kind: 'insert', id: 'a', vector: [1, 1] }]);
    answered(run, run.last, { results: [{ status: 'created', version: 2 }] });
    expect(brokenRules(run)).toEqual(['double-insert', 'wrong-outcome']);
  });

  it('finds a session that goes back', () => {
    const run = new GoodRun();
    run.write([point('a', 1)]);
    const old = run.read({ kind: 'get', id: 'a', consistency: 'session' });
    run.write([point('a', 2)]);
    run.read({ kind: 'get', id: 'a', consistency: 'session' });
    run.read({ kind: 'get', id: 'a', consistency: 'session' });
    answered(run, run.last, { points: old.points });
    expect(brokenRules(run)).toEqual(['session-went-back', 'unexplained-read']);
  });

  it('finds a token that goes back, and one of what the log does not hold', () => {
    const run = new GoodRun();
    run.write([point('a', 1)]);
    run.write([point('b', 1)]);
    run.read({ kind: 'get', id: 'a', consistency: 'session' });
    answered(run, run.last, { token: [1] });
    expect(brokenRules(run)).toEqual(['token-went-back']);
    answered(run, run.last, { token: [9] });
    expect(brokenRules(run)).toEqual(['token-of-nothing']);
  });

  it('finds a read older than its token', () => {
    const run = new GoodRun();
    run.write([point('a', 1)]);
    const old = run.read({ kind: 'get', id: 'a', consistency: 'eventual' });
    run.write([point('a', 2)]);
    run.read({ kind: 'get', id: 'a', consistency: 'session' });
    answered(run, run.last, { points: old.points });
    expect(brokenRules(run)).toEqual(['unexplained-read']);
  });

  it('finds a strong read older than an acknowledged write, also where the point is absent', () => {
    const run = new GoodRun();
    run.write([point('a', 1)]);
    const old = run.read({ kind: 'get', id: 'a', consistency: 'strong' });
    run.write([point('a', 2)]);
    run.read({ kind: 'get', id: 'a', consistency: 'strong' });
    answered(run, run.last, { points: old.points, token: [1] });
    expect(brokenRules(run)).toEqual(['stale-strong-read']);
    const absent = new GoodRun();
    absent.write([point('a', 1)]);
    absent.write([{ kind: 'delete', id: 'a' }]);
    absent.write([point('a', 2)], { wait: 'logged' });
    absent.read({ kind: 'get', id: 'a', consistency: 'strong' });
    answered(absent, absent.last, { points: [], token: [2] });
    expect(brokenRules(absent)).toEqual(['stale-strong-read']);
  });

  it('finds a strong read older than an earlier strong read', () => {
    const run = new GoodRun();
    run.write([point('a', 1)]);
    const old = run.read({ kind: 'get', id: 'a', consistency: 'strong' });
    run.arrive(run.lost([point('a', 2)], 'unknown'));
    run.read({ kind: 'get', id: 'a', consistency: 'strong' });
    run.read({ kind: 'get', id: 'a', consistency: 'strong' });
    answered(run, run.last, { points: old.points, token: [1] });
    expect(brokenRules(run)).toEqual(['stale-strong-read']);
  });

  it('finds a read of what nobody had asked for yet', () => {
    const run = new GoodRun();
    run.write([point('a', 1)]);
    const { last } = run;
    run.read({ kind: 'get', id: 'a', consistency: 'eventual' });
    const read = run.history.splice(-2);
    run.history.unshift(...read.map((event, i) => ({ ...event, at: i * 0.1 })));
    expect(run.history.findIndex((event) => event.type === 'invoke' && event.call === last)).toBe(2);
    expect(brokenRules(run)).toEqual(['read-from-the-future']);
  });

  it('finds content that was never written, points that are missing, and points that come twice', () => {
    const run = new GoodRun();
    run.write([point('a', 1), point('b', 2)]);
    const { points } = run.read({ kind: 'scroll', limit: 10, consistency: 'strong' });
    const [a, b] = points;
    if (a === undefined || b === undefined) throw new Error('two points were written');
    for (const wrong of [[{ ...a, payload: { x: 9 } }, b], [{ ...a, vector: [9, 9] }, b], [a], [a, a], [b, a]]) {
      answered(run, run.last, { points: wrong });
      expect(brokenRules(run)).toEqual(['unexplained-read']);
    }
    run.read({ kind: 'count', consistency: 'strong' });
    answered(run, run.last, { count: 3 });
    expect(brokenRules(run)).toEqual(['unexplained-read']);
  });

  it('finds a replica that is not what its log says', () => {
    const run = new GoodRun();
    run.write([point('a', 1)]);
    const [good] = run.replicasAtEnd();
    if (good === undefined) throw new Error('there is a replica');
    for (const wrong of [{ state_hash: 'x' }, { chain: 'x' }, { points: 2 }, { applied_sequence: 0 }]) {
      run.replicas = [good, { ...good, node: 'other', ...wrong }];
      expect(brokenRules(run)).toEqual(['replica-differs']);
    }
    run.replicas = [];
    expect(brokenRules(run)).toEqual(['replica-differs']);
  });
});
