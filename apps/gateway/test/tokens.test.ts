import { once } from 'node:events';
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import type { TokenSettings } from '@vectorizer/frame';
import { temporaryDirectory } from '@vectorizer/testing';
import { startGateway, type Gateway } from './fixture.ts';

type Issuer = AsyncDisposable & {
  readonly tokens: TokenSettings;
  /** Of one hour, unless the payload says another. */
  sign(payload: JWTPayload, options?: { readonly key?: CryptoKey; readonly kid?: string }): Promise<string>;
  stop(): Promise<void>;
};

const ISSUER = 'https://issuer.example';
const AUDIENCE = 'vectorizer';
const C = '/api/v1/collections';

/** An issuer that publishes its keys on loopback. */
async function startIssuer(): Promise<Issuer> {
  const pair = await generateKeyPair('RS256');
  const kid = 'first';
  const server = createServer((_request, response) => {
    void exportJWK(pair.publicKey).then((jwk) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ keys: [{ ...jwk, kid, alg: 'RS256', use: 'sig' }] }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    if (server.listening) await once(server.close(), 'close');
  };
  return {
    tokens: {
      issuer: ISSUER,
      audience: AUDIENCE,
      jwksUrl: `http://127.0.0.1:${port}/keys`,
      rolesClaim: 'groups',
      roleMap: { staff: 'viewer', writers: 'editor' },
      collectionsClaim: undefined,
    },
    async sign(payload, options = {}) {
      const now = Math.floor(Date.now() / 1_000);
      return new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: 'ann', iat: now, exp: now + 3_600, ...payload })
        .setProtectedHeader({ alg: 'RS256', kid: options.kid ?? kid })
        .sign(options.key ?? pair.privateKey);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function statusOf(gateway: Gateway, token: string, url = C): Promise<number> {
  return (await gateway.app.inject({ url, headers: { authorization: `Bearer ${token}` } })).statusCode;
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a token of an issuer', () => {
  it('is beside the first key, which is made also where there is an issuer', async () => {
    await using issuer = await startIssuer();
    await using directory = await temporaryDirectory();
    const bootstrapKeyFile = join(directory.path, 'admin.key');
    await using gateway = await startGateway({ tokens: issuer.tokens, bootstrapKeyFile });
    const headers = { 'x-api-key': (await readFile(bootstrapKeyFile, 'utf8')).trim() };
    expect((await gateway.app.inject({ url: '/api/v1/auth/keys', headers })).statusCode).toBe(200);
    expect(await statusOf(gateway, await issuer.sign({ groups: ['staff'] }))).toBe(200);
  });

  it('gives the roles that its claims stand for, and closes the system to whoever has none', async () => {
    await using issuer = await startIssuer();
    await using gateway = await startGateway({ tokens: issuer.tokens });
    expect((await gateway.app.inject({ url: C })).statusCode).toBe(401);
    const me = async (groups: unknown): Promise<object> => {
      const headers = { authorization: `Bearer ${await issuer.sign({ groups })}` };
      return (await gateway.app.inject({ url: '/api/v1/auth/me', headers })).json();
    };
    expect(await me(['staff'])).toMatchObject({ kind: 'token', id: 'ann', roles: ['viewer'] });
    expect(await me('staff writers')).toMatchObject({ roles: ['viewer', 'editor'] });
    expect(await me(['admin', 'toString'])).toMatchObject({ roles: [], permissions: [] });
    expect(await me(7)).toMatchObject({ roles: [], permissions: [] });
    expect(await statusOf(gateway, await issuer.sign({ groups: ['staff'] }))).toBe(200);
    expect(await statusOf(gateway, await issuer.sign({ groups: ['staff'] }), '/api/v1/auth/keys')).toBe(403);
    expect(await statusOf(gateway, await issuer.sign({}))).toBe(403);
  });

  it('is good within a minute of clocks that differ, and not beyond', async () => {
    await using issuer = await startIssuer();
    await using gateway = await startGateway({ tokens: issuer.tokens });
    const groups = ['staff'];
    const now = Math.floor(Date.now() / 1_000);
    const at = async (payload: JWTPayload): Promise<number> =>
      statusOf(gateway, await issuer.sign({ groups, ...payload }));
    expect([await at({ exp: now - 50 }), await at({ exp: now - 70 })]).toEqual([200, 401]);
    expect([await at({ nbf: now + 50 }), await at({ nbf: now + 75 })]).toEqual([200, 401]);
  });

  it('is refused when it is of somebody else, for somebody else, altered, or signed by no key', async () => {
    await using issuer = await startIssuer();
    await using gateway = await startGateway({ tokens: issuer.tokens });
    const groups = ['staff'];
    const good = await issuer.sign({ groups });
    const other = await generateKeyPair('RS256');
    const [header = '', payload = '', signature = ''] = good.split('.');
    const symmetric = await new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: 'eve', groups })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('1h')
      .sign(new TextEncoder().encode('a secret that is long enough for HMAC'));
    const bad = [
      await issuer.sign({ groups, iss: 'https://other.example' }),
      await issuer.sign({ groups, aud: 'other' }),
      await issuer.sign({ groups, sub: '' }),
      await issuer.sign({ groups }, { key: other.privateKey }),
      await issuer.sign({ groups }, { kid: 'unknown' }),
      symmetric,
      `${encode({ alg: 'none' })}.${payload}.`,
      `${encode({ alg: 'none' })}.${payload}.${signature}`,
      `${header}.${encode({ iss: ISSUER, aud: AUDIENCE, sub: 'eve', groups: ['writers'] })}.${signature}`,
      `${header}.${payload}.${signature.slice(0, -4)}`,
      `${header}.${payload}`,
    ];
    for (const [i, token] of bad.entries()) expect([i, await statusOf(gateway, token)]).toEqual([i, 401]);
    expect(await statusOf(gateway, good)).toBe(200);
  });

  it('is for the collections that it names, where the settings say so', async () => {
    await using issuer = await startIssuer();
    const tokens = { ...issuer.tokens, collectionsClaim: 'collections' };
    await using gateway = await startGateway({ tokens });
    const groups = ['staff'];
    const token = await issuer.sign({ groups, collections: ['team-*'] });
    expect(await statusOf(gateway, token, `${C}/secret`)).toBe(403);
    expect(await statusOf(gateway, token, `${C}/team-a`)).toBe(404);
    expect(await statusOf(gateway, await issuer.sign({ groups }), `${C}/team-a`)).toBe(403);
    expect(await statusOf(gateway, await issuer.sign({ groups, collections: ['a/b'] }))).toBe(401);
  });

  it('is answered 503 while the keys of its issuer cannot be had, and keys go on', async () => {
    await using issuer = await startIssuer();
    await using gateway = await startGateway({ tokens: issuer.tokens });
    const rate = { tier: 'default' };
    const settings = { name: 'k', roles: ['admin'], collections: ['*'], events: [], rate };
    const { key } = await gateway.access.keys.create(settings, 'test');
    const token = await issuer.sign({ groups: ['staff'] });
    await issuer.stop();
    expect([await statusOf(gateway, token), await statusOf(gateway, key)]).toEqual([503, 200]);
  });
});
