import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { AuditEntry } from '@vectorizer/contracts';
import { secureStart } from '@vectorizer/frame';
import { createLogger } from '@vectorizer/telemetry';
import { temporaryDirectory, until } from '@vectorizer/testing';
import { startGateway, type Gateway } from './fixture.ts';

const KEYS = '/api/v1/auth/keys';

async function firstKey(gateway: Gateway): Promise<string> {
  const answer = await gateway.app.inject({ method: 'POST', url: KEYS, payload: { name: 'root', roles: ['admin'] } });
  return answer.json<{ key: string }>().key;
}

/** From where the audit log says that those came who had no good key. */
async function addressesIn(gateway: Gateway, key: string, count: number): Promise<string[]> {
  const url = '/api/v1/audit?action=authenticate&result=refused';
  let entries: AuditEntry[] = [];
  const found = async (): Promise<boolean> => {
    const answer = await gateway.app.inject({ url, headers: { 'x-api-key': key } });
    ({ entries } = answer.json<{ entries: AuditEntry[] }>());
    return entries.length === count;
  };
  await until(found, { what: `${count} entries` });
  return entries.map(({ address }) => address).toReversed();
}

async function comeFor(gateway: Gateway, forwarded: string): Promise<number> {
  const headers = { 'x-forwarded-for': forwarded, 'x-api-key': 'wrong' };
  return (await gateway.app.inject({ url: KEYS, headers })).statusCode;
}

describe('the address of a client', () => {
  it('is that of its connection, whatever it says, where no proxy is trusted', async () => {
    await using gateway = await startGateway();
    const key = await firstKey(gateway);
    expect(await comeFor(gateway, '203.0.113.9')).toBe(401);
    expect(await addressesIn(gateway, key, 1)).toEqual(['127.0.0.1']);
  });

  it('is what the trusted proxies say: the last that is none of them, and nothing that is no address', async () => {
    await using directory = await temporaryDirectory();
    const bootstrapKeyFile = join(directory.path, 'admin.key');
    await using gateway = await startGateway({
      trustedProxies: ['127.0.0.1', '10.0.0.0/8'],
      failures: { per_s: 0.001, burst: 2 },
      bootstrapKeyFile,
    });
    const key = (await readFile(bootstrapKeyFile, 'utf8')).trim();
    for (const said of ['203.0.113.9', '198.51.100.1, 203.0.113.7, 10.1.2.3', '<script>']) {
      expect(await comeFor(gateway, said)).toBe(401);
    }
    expect(await addressesIn(gateway, key, 3)).toEqual(['203.0.113.9', '203.0.113.7', '127.0.0.1']);
    expect([await comeFor(gateway, '203.0.113.9'), await comeFor(gateway, '203.0.113.9')]).toEqual([401, 429]);
    expect(await comeFor(gateway, '203.0.113.10')).toBe(401);
  });

  it('behind a proxy is anybody, so that a gateway does not start there without a key', async () => {
    await using gateway = await startGateway();
    const start = { ...gateway, host: '127.0.0.1', trustedProxies: ['127.0.0.1'] };
    const logger = createLogger({ service: 'gateway', level: 'silent' });
    await expect(secureStart({ ...start, logger })).rejects.toThrow('there is no key; start with --init-key');
  });
});
