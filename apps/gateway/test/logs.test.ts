import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { requestLines } from '@vectorizer/contracts';
import { startGateway, type Gateway } from './fixture.ts';

const line = (second: number, msg: string): string => {
  const time = `2026-01-02T03:04:0${second}.000Z`;
  return JSON.stringify({ level: 'info', time, service: 'query', correlation_id: 'c-1', msg });
};

describe('the lines about a request', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
    gateway.bus.serve(requestLines, async ({ correlation_id }) => {
      const lines = correlation_id === 'c-1' ? [line(2, 'second'), line(1, 'first')] : [];
      return Promise.resolve({ place: 'host:1', lines });
    });
  });
  afterAll(async () => gateway[Symbol.asyncDispose]());
  const get = async (query: string): Promise<{ status: number; body: unknown }> => {
    const { statusCode, json } = await gateway.app.inject({ url: `/api/v1/logs${query}` });
    return { status: statusCode, body: json() };
  };

  it('are answered by time, each with where it was written', async () => {
    const { status, body } = await get('?correlation_id=c-1');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      correlation_id: 'c-1',
      processes: 1,
      unanswered: 0,
      lines: [
        { msg: 'first', service: 'query', process: 'host:1', time: '2026-01-02T03:04:01.000Z' },
        { msg: 'second' },
      ],
    });
    expect(await get('?correlation_id=unknown')).toMatchObject({ status: 200, body: { lines: [] } });
  });

  it('are of one correlation id, which is one', async () => {
    for (const query of ['', '?correlation_id=', '?correlation_id=a%22b', '?correlation_id=a&service=query']) {
      expect(await get(query)).toMatchObject({ status: 400, body: { error: { type: 'validation_error' } } });
    }
  });
});
