import { describe, expect, it } from '@jest/globals';
import { connectNats } from '@vectorizer/cluster';
import { buckets } from '@vectorizer/contracts';
import { until } from '@vectorizer/testing';
import { startGateway, type Gateway } from './fixture.ts';

type Made = { readonly id: string; readonly key: string };
const ME = '/api/v1/auth/me';
const KEYS = '/api/v1/auth/keys';

async function statusFor(gateway: Gateway, key?: string, url = ME): Promise<number> {
  const headers = key === undefined ? {} : { 'x-api-key': key };
  return (await gateway.app.inject({ url, headers })).statusCode;
}

async function make(gateway: Gateway, body: object, key?: string): Promise<Made> {
  const headers = key === undefined ? {} : { 'x-api-key': key };
  const answer = await gateway.app.inject({ method: 'POST', url: KEYS, headers, payload: body });
  expect(answer.statusCode).toBe(201);
  return answer.json();
}

/** Past everything that would write no such thing. */
async function spoil(gateway: Gateway, record: string, text: string): Promise<void> {
  const connection = await connectNats({ servers: gateway.nats.url, name: 'test' });
  connection.publish(`$KV.${record}`, text);
  await connection.flush();
  await connection.close();
}

describe('a record that cannot be read', () => {
  it('makes its key, and a role, good for nothing, and the others no worse', async () => {
    await using gateway = await startGateway();
    const root = await make(gateway, { name: 'root', roles: ['admin'] });
    for (const text of ['not json', '{"v":2,"roles":["admin"]}', '{"v":1}', 'null']) {
      const { id, key } = await make(gateway, { name: 'clerk', roles: ['viewer'] }, root.key);
      expect(await statusFor(gateway, key)).toBe(200);
      await spoil(gateway, `${buckets.keys}.${id}`, text);
      await until(async () => (await statusFor(gateway, key)) === 401, { what: text });
    }
    await gateway.app.inject({
      method: 'PUT',
      url: '/api/v1/auth/roles/clerk',
      headers: { 'x-api-key': root.key },
      payload: { permissions: ['list_collections'] },
    });
    const clerk = await make(gateway, { name: 'clerk', roles: ['clerk'] }, root.key);
    await spoil(gateway, `${buckets.roles}.clerk`, '{"v":1,"name":"clerk","permissions":["everything"]}');
    await until(async () => (await statusFor(gateway, clerk.key, '/api/v1/collections')) === 403);
    expect(await statusFor(gateway, root.key)).toBe(200);
    const metrics = await gateway.app.inject({ url: '/metrics', headers: { 'x-api-key': root.key } });
    expect(metrics.body).toContain('vectorizer_unreadable_records{bucket="vz_keys"} 4');
  });

  it('leaves a system closed whose only key it was', async () => {
    await using gateway = await startGateway();
    const { id, key } = await make(gateway, { name: 'root', roles: ['admin'] });
    await spoil(gateway, `${buckets.keys}.${id}`, '[');
    await until(async () => (await statusFor(gateway, key)) === 401);
    expect([gateway.access.isOpen, await statusFor(gateway)]).toEqual([false, 401]);
    await using later = await startGateway({ beside: gateway.nats });
    expect([later.access.isOpen, await statusFor(later)]).toEqual([false, 401]);
  });
});

describe('without log servers', () => {
  it('known keys are good for a while, and then nobody is let in until they are back', async () => {
    await using gateway = await startGateway({ unconfirmedMsMax: 1_500 });
    const { key } = await make(gateway, { name: 'root', roles: ['admin'] });
    const unknown = `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`;
    await gateway.nats.stop();
    expect([await statusFor(gateway, key), await statusFor(gateway, unknown)]).toEqual([200, 401]);
    await until(async () => (await statusFor(gateway, key)) === 503);
    expect(await statusFor(gateway, unknown)).toBe(401);
    await gateway.nats.restart();
    await until(async () => (await statusFor(gateway, key)) === 200);
  });
});
