import { describe, expect, it } from '@jest/globals';
import { acknowledgesBeforeTheLog, breakBuild, forgetsRequests, type Break } from './broken-build.ts';
import { chaos, type ChaosOptions } from './chaos.ts';
import type { RunResult } from './run.ts';

const silent = (): void => undefined;

/** A run on a copy of what is built here, broken in one spot. */
async function runBroken(breaks: readonly Break[], options: Omit<ChaosOptions, 'shape' | 'say'>): Promise<RunResult> {
  await using build = await breakBuild(breaks);
  // Awaited here, since the copy is removed on the way out.
  return await chaos({ ...options, shape: { nodes: 1, replicas: 1, root: build.path }, say: silent });
}

describe('a chaos run', () => {
  it('catches an ingest that acknowledges before the log has', async () => {
    const { violations } = await runBroken(acknowledgesBeforeTheLog, {
      seed: 117,
      durationMs: 12_000,
      kinds: ['kill'],
      targets: (name) => name.startsWith('ingest'),
    });
    const lost = violations.filter(({ rule, message }) => rule === 'lost-write' && message.includes('no sequence'));
    expect(lost.length).toBeGreaterThan(0);
  }, 180_000);

  it('catches replicas that do not know a request that comes again', async () => {
    const { violations } = await runBroken(forgetsRequests, { seed: 1, durationMs: 8_000, kinds: [] });
    const rules = new Set(violations.map(({ rule }) => rule));
    expect(rules).toContain('wrong-outcome');
    expect(rules).toContain('replica-differs');
  }, 180_000);
});
