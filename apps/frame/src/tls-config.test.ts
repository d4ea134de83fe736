import { describe, expect, it } from '@jest/globals';
import { tlsConfigOf } from './tls-config.ts';

const unset = {
  tls_ca_file: undefined,
  tls_cert_file: undefined,
  tls_key_file: undefined,
  https_cert_file: undefined,
  https_key_file: undefined,
  callout_seed_file: undefined,
  revoker_cert_file: undefined,
  revoker_key_file: undefined,
};
const identity = {
  tls_ca_file: 'ca.crt',
  tls_cert_file: 'query.crt',
  tls_key_file: 'query.key',
};
const given = { https_cert_file: 'public.crt', https_key_file: 'public.key' };

describe('tlsConfigOf', () => {
  it('speaks in the clear unless told otherwise', () => {
    expect(tlsConfigOf(unset, 'inner')).toEqual({});
  });

  it('asks who comes for a certificate at the doors of services, and nobody at the public one', () => {
    const own = { certFile: 'query.crt', keyFile: 'query.key' };
    expect(tlsConfigOf({ ...unset, ...identity }, 'inner').https).toEqual({ ...own, clientCaFile: 'ca.crt' });
    expect(tlsConfigOf({ ...unset, ...identity }, 'public').https).toEqual(own);
    expect(tlsConfigOf({ ...unset, ...identity, ...given }, 'public')).toEqual({
      identity: { ...own, caFile: 'ca.crt' },
      https: { certFile: 'public.crt', keyFile: 'public.key' },
    });
    expect(tlsConfigOf({ ...unset, ...given }, 'inner')).toEqual({});
  });
});
