import { describe, expect, it } from '@jest/globals';
import { CHAIN_START, digestOfEntry, nextInChain } from '@vectorizer/contracts';
import { chainOfLog } from '../src/log-chain.ts';
import { ToldStates } from '../src/told-states.ts';
import { node, report, startMonitor, write } from './fixture.ts';

describe('the chain of a log', () => {
  it('is worked out from its beginning, or from where the replicas last agreed, and unknown where the log is cut', async () => {
    await using setting = await startMonitor();
    const record = await setting.collection([['a', 'b']]);
    await write(setting.log, record.uid, 40);
    const chains = [CHAIN_START];
    for (let sequence = 1; sequence <= 40; sequence++) {
      const entry = await setting.log.entryAt(record.uid, 0, sequence);
      const digest = digestOfEntry(entry?.bytes ?? new Uint8Array());
      chains.push(nextInChain(chains.at(-1) ?? '', { sequence, digest }));
    }
    const tellers = ['a', 'b'].map((name) => ({ node: node(name), states: new ToldStates() }));
    const shard = { record, shard: 0, replicas: [], log: undefined };
    const chainAt = async (at: number): Promise<string | undefined> => chainOfLog(setting.log, shard, { at, tellers });
    expect(await chainAt(40)).toBe(chains[40]);
    await setting.log.cut(record.uid, 0, 10);
    expect(await chainAt(40)).toBeUndefined();
    for (const { states } of tellers) {
      states.hear(report(record, { node: 'a', applied_sequence: 20, chain: chains[20] ?? '' }));
    }
    expect(await chainAt(40)).toBe(chains[40]);
  });
});
