import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Gateway } from './fixture.ts';
import { C, send, startWithCollections, V } from './refusals.ts';

type Results = {
  results: { index: number; id: string | null; status: string; error?: { type: string; message: string } }[];
};

describe('bad items', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startWithCollections();
  });
  afterAll(async () => gateway[Symbol.asyncDispose]());

  it.each([
    {
      name: 'a wrong dimension',
      list: 'points',
      item: { id: 'b', vector: [1] },
      message: 'points[1].vector: expected 2 components, got 1',
      type: 'dimension_mismatch',
    },
    {
      name: 'a zero vector',
      list: 'points',
      item: { id: 'b', vector: [0, 0] },
      message: 'points[1].vector: must not be all zeros',
      type: 'validation_error',
    },
    {
      name: 'an infinite component',
      list: 'points',
      item: { id: 'b', vector: [1, -1e39] },
      message: 'points[1].vector: component 1: expected a finite float32',
      type: 'validation_error',
    },
    {
      name: 'a missing vector',
      list: 'points',
      item: { id: 'b' },
      message: 'points[1].vector: ',
      type: 'validation_error',
    },
    {
      name: 'an empty id',
      list: 'points',
      item: { id: '', vector: [1, 1] },
      message: 'points[1].id: must not be empty',
      type: 'validation_error',
    },
    {
      name: 'an id of 257 characters',
      list: 'points',
      item: { id: 'x'.repeat(257), vector: [1, 1] },
      message: 'points[1].id: must have at most 256',
      type: 'validation_error',
    },
    {
      name: 'an id that is a number',
      list: 'points',
      item: { id: 7, vector: [1, 1] },
      message: 'points[1].id: ',
      type: 'validation_error',
    },
    {
      name: 'an unknown field',
      list: 'points',
      item: { id: 'b', vector: [1, 1], text: '' },
      message: 'points[1].text: unknown field',
      type: 'validation_error',
    },
    {
      name: 'a payload that is no object',
      list: 'points',
      item: { id: 'b', vector: [1, 1], payload: 'p' },
      message: 'points[1].payload: expected a JSON object',
      type: 'validation_error',
    },
    {
      name: 'a duplicate id',
      list: 'points',
      item: { id: 'a', vector: [1, 1] },
      message: 'points[1].id: duplicate of points[0]',
      type: 'validation_error',
    },
    { name: 'an item that is no object', list: 'points', item: null, message: 'points[1]: ', type: 'validation_error' },
    {
      name: 'an unknown operation',
      list: 'operations',
      item: { op: 'move', id: 'b' },
      message: 'operations[1].op: ',
      type: 'validation_error',
    },
    {
      name: 'an update of nothing',
      list: 'operations',
      item: { op: 'update', id: 'b' },
      message: 'operations[1]: expected a vector',
      type: 'validation_error',
    },
    {
      name: 'an operation with a wrong dimension',
      list: 'operations',
      item: { op: 'update', id: 'b', vector: [1] },
      message: 'operations[1].vector: expected 2',
      type: 'dimension_mismatch',
    },
    { name: 'an id of a wrong type', list: 'ids', item: 7, message: 'ids[1]: ', type: 'validation_error' },
    { name: 'an id twice', list: 'ids', item: 'a', message: 'ids[1]: duplicate of ids[0]', type: 'validation_error' },
  ])('$name in a batch is refused alone, and the others are written', async ({ list, item, message, type }) => {
    const good = { points: { id: 'a', vector: [1, 1] }, operations: { op: 'delete', id: 'a' }, ids: 'a' }[list];
    const route = { points: `PUT ${V}`, operations: `POST ${V}/batch`, ids: `POST ${V}/delete` }[list] ?? '';
    gateway.written.length = 0;
    const answer = await send(gateway, { name: '', route, body: { [list]: [good, item] }, answer: '', message: '' });
    expect(answer.statusCode).toBe(200);
    const { results } = JSON.parse(answer.body) as Results;
    expect(results).toMatchObject([
      { index: 0, id: 'a', status: 'created' },
      { index: 1, status: 'rejected', error: { type } },
    ]);
    expect(results[1]?.error?.message).toContain(message);
    expect(gateway.written.map(({ ops }) => ops)).toMatchObject([[{ id: 'a' }]]);
    gateway.written.length = 0;
  });

  it('answers a batch without one good item without writing anything', async () => {
    const answer = await send(gateway, {
      name: '',
      route: `PUT ${V}`,
      body: { points: [1, 2] },
      answer: '',
      message: '',
    });
    expect(JSON.parse(answer.body)).toMatchObject({ total: 2, succeeded: 0, failed: 2, sequences: [] });
    expect(gateway.written).toEqual([]);
  });

  it('of concurrent creations of one name lets one win', async () => {
    const payload = { name: 'contested', dimension: 2 };
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => gateway.app.inject({ method: 'POST', url: C, payload })),
    );
    const statuses = answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b);
    expect(statuses).toEqual([201, 409, 409, 409, 409, 409, 409, 409]);
  });
});
