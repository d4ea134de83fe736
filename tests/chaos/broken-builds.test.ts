import { rm } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import {
  acknowledgesBeforeTheLog,
  breakBuild,
  cachesWithoutSequences,
  forgetsRequests,
  type Break,
} from './broken-build.ts';
import { chaos, type ChaosOptions } from './chaos.ts';
import type { RunResult } from './run.ts';

const silent = (): void => undefined;

/** A run on a copy of what is built here, broken in one spot. */
async function runBroken(breaks: readonly Break[], options: Omit<ChaosOptions, 'shape' | 'say'>): Promise<RunResult> {
  await using build = await breakBuild(breaks);
  const result = await chaos({ ...options, shape: { nodes: 1, replicas: 1, root: build.path }, say: silent });
  if (result.kept !== undefined) await rm(result.kept, { recursive: true });
  return result;
}

describe('a chaos run', () => {
  it('catches an ingest that acknowledges before the log has', async () => {
    const { violations } = await runBroken(acknowledgesBeforeTheLog, {
      // Of those that kill the ingest three times, with time to work in between.
      seed: 523,
      durationMs: 22_000,
      kinds: ['kill'],
      targets: (name) => name === 'ingest-1' || name === 'redis',
    });
    const lost = violations.filter(({ rule, message }) => rule === 'lost-write' && message.includes('no sequence'));
    expect(lost.length).toBeGreaterThan(0);
  });

  it('catches replicas that do not know a request that comes again', async () => {
    const { violations } = await runBroken(forgetsRequests, { seed: 1, durationMs: 8_000, kinds: [] });
    const rules = new Set(violations.map(({ rule }) => rule));
    expect(rules).toContain('wrong-outcome');
    expect(rules).toContain('replica-differs');
  });

  it('catches a cache that does not go by sequences', async () => {
    const { violations, hits } = await runBroken(cachesWithoutSequences, {
      seed: 7,
      durationMs: 6_000,
      kinds: [],
      load: 'repeated',
    });
    expect(hits).toBeGreaterThan(10);
    const rules = new Set(violations.map(({ rule }) => rule));
    for (const rule of ['unexplained-read', 'stale-strong-read', 'stale-bounded-read', 'forgetful-gateway'])
      expect(rules).toContain(rule);
  });
});
