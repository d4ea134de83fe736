import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NewCollection, NodeId } from '@vectorizer/contracts';
import { until } from '@vectorizer/testing';
import { startGateway, type Gateway } from './fixture.ts';

let gateway: Gateway;
const gone = NodeId.parse('node-z');

beforeAll(async () => {
  gateway = await startGateway();
  await gateway.registry.register({ node: gone, host: '127.0.0.1', port: 2 });
});
afterAll(async () => gateway[Symbol.asyncDispose]());

async function ask(method: 'GET' | 'DELETE', path: string): Promise<{ status: number; body: unknown }> {
  const { statusCode, body } = await gateway.app.inject({ method, url: `/api/v1/replication/nodes${path}` });
  return { status: statusCode, body: JSON.parse(body) };
}

function refused(message: RegExp): object {
  const error = { type: 'validation_error', message: expect.stringMatching(message) };
  return { status: 400, body: { error } };
}

describe('the index nodes', () => {
  it('are listed, with how many replicas each has and whether it speaks', async () => {
    const speaks = async (): Promise<boolean> => JSON.stringify(await ask('GET', '')).includes('"speaks":true');
    await until(speaks, { what: 'the node being heard' });
    expect(await ask('GET', '')).toEqual({
      status: 200,
      body: {
        nodes: [
          { node: 'node-a', host: '127.0.0.1', port: 1, speaks: true, replicas: 0 },
          { node: 'node-z', host: '127.0.0.1', port: 2, speaks: false, replicas: 0 },
        ],
        count: 2,
      },
    });
  });

  it('are removed when they are gone and hold nothing, and not before', async () => {
    expect(await ask('DELETE', '/node-a')).toMatchObject(refused(/node-a answers: stop it first/));
    const books = NewCollection.parse({ name: 'books', dimension: 2 });
    await gateway.catalog.create(books, () => [[gone]]);
    expect(await ask('DELETE', '/node-z')).toMatchObject(refused(/node-z has 1 replicas/));
    await gateway.catalog.drop('books');
    expect(await ask('DELETE', '/node-z')).toEqual({ status: 200, body: { node: 'node-z', status: 'removed' } });
    expect(await ask('DELETE', '/node-z')).toMatchObject({ status: 404, body: { error: { type: 'not_found' } } });
    expect(await ask('DELETE', '/Not%20a%20node')).toMatchObject({ status: 400 });
    expect(await ask('GET', '')).toMatchObject({ body: { count: 1, nodes: [{ node: 'node-a' }] } });
  });
});
