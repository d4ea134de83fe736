import { request, type ClientRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { limits } from '@vectorizer/contracts';
import { until } from '@vectorizer/testing';
import { startGateway, type Gateway } from './fixture.ts';

const MIB = 1024 * 1024;
const SEARCH = '/api/v1/collections/books/search';

let gateway: Gateway;
let url: string;
beforeEach(async () => {
  gateway = await startGateway({ bodiesBytesMax: 40 * MIB });
  ({ url } = await gateway.app.listen());
});
afterEach(async () => gateway[Symbol.asyncDispose]());

/** Sends the first part of a body, and waits with the rest. */
async function begin(bytes: number): Promise<ClientRequest> {
  const headers = { 'content-type': 'application/json', 'content-length': bytes };
  const begun = request(`${url}${SEARCH}`, { method: 'POST', headers });
  begun.on('error', () => undefined);
  await new Promise<void>((resolve) => begun.write(' '.repeat(100), () => resolve()));
  return begun;
}

async function statusOf(body: string): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  return (await fetch(`${url}${SEARCH}`, { method: 'POST', headers, body })).status;
}

describe('the bodies of all requests', () => {
  it('are bounded together: one that has no room is refused before it is read, and small ones are not', async () => {
    const large = ' '.repeat(20 * MIB);
    expect(await statusOf(large)).toBe(400);
    const held = await begin(30 * MIB);
    await until(async () => (await statusOf(large)) === 429, { what: 'the first body having its room' });
    expect(await statusOf('{"vector":[]}')).toBe(400);
    held.destroy();
    await until(async () => (await statusOf(large)) === 400, { what: 'its room being free again' });
  });

  it('that are all opening brackets cost no more than their size', async () => {
    const many = '{},'.repeat(limits.filterValuesMax);
    const body = `{"filter":{"must":[{"key":"a","match":{"any":[${many.repeat(1_000)}{}]}}]}}`;
    const before = process.memoryUsage().heapUsed;
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}/qdrant/collections/books/points/count`, { method: 'POST', headers, body });
    expect([answer.status, await answer.text()]).toEqual([413, expect.stringContaining('objects and arrays')]);
    const shorter = body.replace(many.repeat(300), '');
    const refused = await fetch(`${url}/qdrant/collections/books/points/count`, {
      method: 'POST',
      headers,
      body: shorter,
    });
    expect(await refused.text()).toContain(`must have at most ${limits.filterValuesMax} items`);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(300 * MIB);
  });
});
