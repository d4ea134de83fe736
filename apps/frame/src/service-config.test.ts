import { describe, expect, it } from '@jest/globals';
import { readServiceConfig } from './service-config.ts';

const defaults = { port: 15_002 };

function proxiesIn(text: string): unknown {
  return readServiceConfig({ VECTORIZER_TRUSTED_PROXIES: text }, defaults).http.trustedProxies;
}

describe('readServiceConfig', () => {
  it('has a default for everything', () => {
    expect(readServiceConfig({}, defaults)).toEqual({
      nats: { url: 'nats://127.0.0.1:4222', replicas: 1, durabilityUrls: undefined },
      http: { host: '127.0.0.1', port: 15_002 },
      logLevel: 'info',
      access: { openMetrics: false, bootstrapKeyFile: undefined, tokens: undefined },
    });
  });

  it('reports every bad variable at once', () => {
    const bad = { VECTORIZER_PORT: 'high', VECTORIZER_LOG_LEVEL: 'loud' };
    expect(() => readServiceConfig(bad, defaults)).toThrow(/VECTORIZER_PORT[\s\S]*VECTORIZER_LOG_LEVEL/);
  });

  it('takes as proxies addresses and networks, and nothing else', () => {
    expect(proxiesIn('10.0.0.7, 192.168.0.0/16,fd00::/8,::1')).toEqual([
      '10.0.0.7',
      '192.168.0.0/16',
      'fd00::/8',
      '::1',
    ]);
    for (const bad of [
      '',
      'proxy',
      '*',
      '10.0.0.0/33',
      '10.0.0.0/0',
      '::/0',
      '10.0.0.0/8/8',
      '10.0.0.1,',
      '10.0.0.0/',
      'true',
      '1',
    ]) {
      expect(() => proxiesIn(bad)).toThrow('VECTORIZER_TRUSTED_PROXIES');
    }
  });

  it('asks no server about its durability when told that a lazy one will do', () => {
    const given = { VECTORIZER_NATS_MONITOR_URL: 'http://127.0.0.1:8222,http://127.0.0.1:8223' };
    const urls = ['http://127.0.0.1:8222', 'http://127.0.0.1:8223'];
    expect(readServiceConfig(given, defaults).nats.durabilityUrls).toEqual(urls);
    expect(
      readServiceConfig({ ...given, VECTORIZER_UNSAFE_LAZY_FSYNC: 'true' }, defaults).nats.durabilityUrls,
    ).toBeUndefined();
  });
});
