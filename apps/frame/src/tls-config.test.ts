import { describe, expect, it } from '@jest/globals';
import { readTlsConfig } from './tls-config.ts';

const identity = {
  VECTORIZER_TLS_CA_FILE: 'ca.crt',
  VECTORIZER_TLS_CERT_FILE: 'query.crt',
  VECTORIZER_TLS_KEY_FILE: 'query.key',
};
const given = { VECTORIZER_HTTPS_CERT_FILE: 'public.crt', VECTORIZER_HTTPS_KEY_FILE: 'public.key' };

describe('readTlsConfig', () => {
  it('speaks in the clear unless told otherwise', () => {
    expect(readTlsConfig({}, 'inner')).toEqual({});
  });

  it('asks who comes for a certificate at the doors of services, and nobody at the public one', () => {
    const own = { certFile: 'query.crt', keyFile: 'query.key' };
    expect(readTlsConfig(identity, 'inner').https).toEqual({ ...own, clientCaFile: 'ca.crt' });
    expect(readTlsConfig(identity, 'public').https).toEqual(own);
    expect(readTlsConfig({ ...identity, ...given }, 'public')).toEqual({
      identity: { ...own, caFile: 'ca.crt' },
      https: { certFile: 'public.crt', keyFile: 'public.key' },
    });
    expect(readTlsConfig(given, 'inner')).toEqual({});
  });

  it('names what is missing of a set', () => {
    const half = { VECTORIZER_TLS_CERT_FILE: 'query.crt', VECTORIZER_HTTPS_KEY_FILE: 'public.key' };
    expect(() => readTlsConfig(half, 'public')).toThrow(
      /needed with VECTORIZER_TLS_CERT_FILE[\s\S]*VECTORIZER_TLS_CA_FILE[\s\S]*VECTORIZER_HTTPS_CERT_FILE/,
    );
  });
});
