import { payloadOf } from '../../data/payload.ts';
import { base64 } from '../../subjects/server.ts';
import type { Connection, How, Target } from '../peer.ts';
import { HttpConnection } from './http-connection.ts';

type Answer = { readonly hits: readonly { readonly id: string }[] };

export async function connectToVectorizer({ port, collection }: Target): Promise<Connection> {
  // Past the cache: this is about searching.
  const http = new HttpConnection(port, { 'cache-control': 'no-cache' });
  const root = `/api/v1/collections/${collection}`;
  let search: Record<string, unknown> = {};
  return {
    async write(points) {
      const named = points.map(({ row, vector }) => ({
        id: String(row),
        vector: base64(vector),
        payload: payloadOf(row),
      }));
      await http.ask({
        method: 'PUT',
        path: `${root}/vectors?wait=logged`,
        body: JSON.stringify({ points: named }),
      });
    },
    async searchWith({ k, ef, field }: How) {
      const filter = field === undefined ? {} : { filter: { must: [{ key: field, match: { value: 0 } }] } };
      search = { k, ef, with_payload: false, ...filter };
    },
    prepare: (vector) => JSON.stringify({ vector: base64(vector), ...search }),
    search: (body) => http.ask({ method: 'POST', path: `${root}/search`, body: body as string }),
    rowsOf: (text) => (JSON.parse(text as string) as Answer).hits.map(({ id }) => Number(id)),
    close: () => http.close(),
  };
}
