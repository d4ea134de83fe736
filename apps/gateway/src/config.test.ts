import { describe, expect, it } from '@jest/globals';
import { readConfig } from './config.ts';

describe('readConfig', () => {
  it('has a default for everything', () => {
    expect(readConfig({})).toEqual({
      nats: { url: 'nats://127.0.0.1:4222', replicas: 1, durabilityUrl: undefined },
      http: { host: '127.0.0.1', port: 15_002 },
      logLevel: 'info',
    });
  });

  it('reports every bad variable at once', () => {
    const bad = { VECTORIZER_PORT: 'high', VECTORIZER_LOG_LEVEL: 'loud' };
    expect(() => readConfig(bad)).toThrow(/VECTORIZER_PORT[\s\S]*VECTORIZER_LOG_LEVEL/);
  });

  it('asks no server about its durability when told that a lazy one will do', () => {
    const given = { VECTORIZER_NATS_MONITOR_URL: 'http://127.0.0.1:8222' };
    expect(readConfig(given).nats.durabilityUrl).toBe('http://127.0.0.1:8222');
    expect(readConfig({ ...given, VECTORIZER_UNSAFE_LAZY_FSYNC: 'true' }).nats.durabilityUrl).toBeUndefined();
  });
});
