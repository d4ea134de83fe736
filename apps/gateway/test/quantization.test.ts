import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startGateway, type Gateway } from './fixture.ts';

const C = '/api/v1/collections';
type Answer = { readonly status: number; readonly body: Body };
type Body = { readonly error?: { readonly type: string; readonly message: string }; readonly config?: object };

describe('quantization', () => {
  let gateway: Gateway;
  const send = async (url: string, payload: object): Promise<Answer> => {
    const answer = await gateway.app.inject({ method: 'POST', url, payload });
    return { status: answer.statusCode, body: answer.json() };
  };
  beforeAll(async () => {
    gateway = await startGateway();
    await send(C, { name: 'plain', dimension: 2 });
    await send(C, { name: 'small', dimension: 2, kind: 'quantized' });
    await send(C, { name: 'rough', dimension: 2, kind: 'quantized', quantization: { rescore: false } });
  });
  afterAll(async () => gateway[Symbol.asyncDispose]());
  beforeEach(() => {
    gateway.searched.length = 0;
  });

  it.each([
    [undefined, { type: 'int8', rescore: true, oversampling: 4 }],
    [{}, { type: 'int8', rescore: true, oversampling: 4 }],
    [{ type: 'binary' }, { type: 'binary', rescore: true, oversampling: 16 }],
    [
      { type: 'binary', rescore: false },
      { type: 'binary', rescore: false, oversampling: 16 },
    ],
    [{ oversampling: 32 }, { type: 'int8', rescore: true, oversampling: 32 }],
  ])('of a collection, given as %j, is %j', async (quantization, shown) => {
    const name = `made-${JSON.stringify(quantization ?? null).replaceAll(/\W+/g, '-')}`;
    const made = await send(C, { name, dimension: 2, kind: 'quantized', ...(quantization && { quantization }) });
    expect(made.status).toBe(201);
    const config = expect.objectContaining({ kind: 'quantized', quantization: shown });
    expect(made.body.config).toEqual(config);
    expect(made.body.config).not.toHaveProperty('hnsw');
    const read = await gateway.app.inject({ method: 'GET', url: `${C}/${name}` });
    expect(read.json()).toMatchObject({ config });
  });

  it.each([
    ['quantization: only', { quantization: {} }],
    ['quantization: only', { kind: 'cpu', quantization: { type: 'int8' } }],
    ['quantization.type: ', { kind: 'quantized', quantization: { type: 'sq4' } }],
    ['quantization.type: ', { kind: 'quantized', quantization: { type: 'pq' } }],
    ['quantization.bits: unknown field', { kind: 'quantized', quantization: { bits: 4 } }],
    ['quantization.rescore: ', { kind: 'quantized', quantization: { rescore: 'yes' } }],
    ['quantization.oversampling: ', { kind: 'quantized', quantization: { oversampling: 0 } }],
    ['quantization.oversampling: ', { kind: 'quantized', quantization: { oversampling: 33 } }],
    ['quantization.oversampling: ', { kind: 'quantized', quantization: { oversampling: 1.5 } }],
    ['quantization: ', { kind: 'quantized', quantization: 'int8' }],
    ['hnsw: a collection of kind quantized has no graph', { kind: 'quantized', hnsw: { m: 8 } }],
  ])('of a new collection is refused with "%s" as %j', async (message, config) => {
    const { status, body } = await send(C, { name: 'refused', dimension: 2, ...config });
    expect({ status, type: body.error?.type }).toEqual({ status: 400, type: 'validation_error' });
    expect(body.error?.message).toMatch(new RegExp(`^${message}`));
  });

  it.each([
    ['small', { quantization: { rescore: false } }],
    ['small', { quantization: { oversampling: 8 } }],
    ['small', { quantization: {} }],
    ['rough', { quantization: { rescore: true, oversampling: 8 } }],
  ])('of a search of %s goes to the index as %j', async (name, settings) => {
    expect(await send(`${C}/${name}/search`, { vector: [1, 0], ...settings })).toMatchObject({ status: 200 });
    expect(await send(`${C}/${name}/search/batch`, { searches: [{ vector: [1, 0], ...settings }] })).toMatchObject({
      status: 200,
    });
    expect(gateway.searched.map(({ searches }) => searches)).toMatchObject([[settings], [settings]]);
  });

  it.each([
    ['plain', 'quantization: this collection is of kind cpu', { quantization: {} }],
    ['plain', 'quantization: this collection is of kind cpu', { quantization: { rescore: false } }],
    ['small', 'quantization.oversampling: ', { quantization: { oversampling: 33 } }],
    ['small', 'quantization.oversampling: only', { quantization: { rescore: false, oversampling: 2 } }],
    ['small', 'quantization.type: unknown field', { quantization: { type: 'binary' } }],
    ['small', 'quantization: an exact search', { exact: true, quantization: { oversampling: 2 } }],
    ['small', 'ef: this collection is of kind quantized', { ef: 64 }],
    ['rough', 'quantization.oversampling: only', { quantization: { oversampling: 2 } }],
  ])('of a search of %s is refused with "%s" as %j', async (name, message, settings) => {
    const one = await send(`${C}/${name}/search`, { vector: [1, 0], ...settings });
    expect({ status: one.status, type: one.body.error?.type }).toEqual({ status: 400, type: 'validation_error' });
    expect(one.body.error?.message).toMatch(new RegExp(`^${message}`));
    const searches = [{ vector: [1, 0] }, { vector: [1, 0], ...settings }];
    const batch = await send(`${C}/${name}/search/batch`, { searches });
    expect(batch.status).toBe(400);
    expect(batch.body.error?.message).toMatch(new RegExp(`^searches\\[1\\].${message}`));
    expect(gateway.searched).toEqual([]);
  });
});
