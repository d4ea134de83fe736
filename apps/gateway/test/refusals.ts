import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Packr } from 'msgpackr';
import { startGateway, type Gateway } from './fixture.ts';

/** Every case: refused with the right status and type, by a message that names the place, in the one shape, with no effect. */
export type Case = {
  readonly name: string;
  readonly route: string;
  readonly body?: unknown;
  /** Sent as it is, instead of `body` as JSON. */
  readonly raw?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly answer: string;
  readonly message: string;
};

export const C = '/api/v1/collections';
export const V = `${C}/books/vectors`;
export const S = `${C}/books/search`;
export const messagePack = { 'content-type': 'application/msgpack' };
export const pack = (value: unknown): Buffer => new Packr({ useRecords: false }).pack(value);

/** A gateway with collections: `books`, `typed` and `many`, which have payload indexes. */
export async function startWithCollections(): Promise<Gateway> {
  const gateway = await startGateway();
  const body = { name: 'books', dimension: 2, metric: 'cosine' };
  await gateway.app.inject({ method: 'POST', url: C, payload: body });
  const types = { word: 'keyword', n: 'integer', 'deep.n': 'float', flag: 'bool', at: 'datetime', place: 'geo' };
  const typed = Object.entries(types).map(([key, type]) => ({ key, type }));
  const many = Array.from({ length: 32 }, (_, i) => ({ key: `k${i}`, type: 'keyword' }));
  for (const [collection, indexes] of Object.entries({ typed, many })) {
    const declared = { ...body, name: collection, payload_indexes: indexes };
    await gateway.app.inject({ method: 'POST', url: C, payload: declared });
  }
  return gateway;
}

export async function send(
  gateway: Gateway,
  { route, body, raw, headers }: Case,
): Promise<{ statusCode: number; headers: Record<string, unknown>; body: string }> {
  const [method, url] = route.split(' ') as ['GET' | 'POST', string];
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  return gateway.app.inject({
    method,
    url,
    headers: { ...(payload === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(payload === undefined ? {} : { payload }),
  });
}

export function describeRefusals(what: string, cases: readonly Case[]): void {
  describe(`the gateway, of ${what}`, () => {
    let gateway: Gateway;
    beforeAll(async () => {
      gateway = await startWithCollections();
    });
    afterAll(async () => gateway[Symbol.asyncDispose]());

    it.each(cases)('$name is refused in $route', async (each) => {
      const before = gateway.catalog.list();
      const answer = await send(gateway, each);
      const parsed = JSON.parse(answer.body) as { error: { type: string; message: string } };
      expect(`${answer.statusCode} ${parsed.error.type}`).toBe(each.answer);
      expect(parsed.error.message).toContain(each.message);
      expect(parsed).toEqual({
        error: {
          type: expect.any(String),
          message: expect.any(String),
          details: expect.any(Object),
          correlation_id: answer.headers['x-correlation-id'],
        },
        error_type: parsed.error.type,
        message: parsed.error.message,
        status_code: answer.statusCode,
        details: expect.any(Object),
        request_id: answer.headers['x-correlation-id'],
      });
      expect([gateway.written, gateway.searched]).toEqual([[], []]);
      expect(gateway.catalog.list()).toEqual(before);
    });
  });
}
