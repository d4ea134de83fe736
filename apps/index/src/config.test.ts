import { describe, expect, it } from '@jest/globals';
import { readIndexConfig } from './config.ts';

const DATA = { VECTORIZER_DATA: '/data' };

describe('the settings of an index node', () => {
  it('have it say how it is every second', () => {
    expect(readIndexConfig(DATA).heartbeatMs).toBe(1_000);
  });

  it('take heartbeats of ten seconds where a replica may be silent for twice as long, and not where it may not', () => {
    const slow = { ...DATA, VECTORIZER_HEARTBEAT_MS: '10000' };
    expect(readIndexConfig({ ...slow, VECTORIZER_DISCONNECTED_AFTER_MS: '20000' }).heartbeatMs).toBe(10_000);
    const tooLong =
      /VECTORIZER_DISCONNECTED_AFTER_MS \(19999\) must be at least twice VECTORIZER_HEARTBEAT_MS \(10000\)/;
    expect(() => readIndexConfig({ ...slow, VECTORIZER_DISCONNECTED_AFTER_MS: '19999' })).toThrow(tooLong);
    expect(() => readIndexConfig(slow)).toThrow(/must be at least twice/);
  });

  it.each(['99', '600001', 'often', '1.5'])('refuse heartbeats every %s ms', (value) => {
    expect(() => readIndexConfig({ ...DATA, VECTORIZER_HEARTBEAT_MS: value })).toThrow(/VECTORIZER_HEARTBEAT_MS/);
  });
});
