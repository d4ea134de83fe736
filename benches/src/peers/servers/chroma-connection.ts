import { payloadOf } from '../../data/payload.ts';
import { base64 } from '../../subjects/server.ts';
import type { Connection, How, Target } from '../peer.ts';
import { HttpConnection } from './http-connection.ts';

export const CHROMA_COLLECTIONS = '/api/v2/tenants/default_tenant/databases/default_database/collections';

type Answer = { readonly ids: readonly (readonly string[])[] };

/** `collection` is the id that Chroma has given it. Vectors are written in base64 and asked for as numbers, as its client does. */
export async function connectToChroma({ port, collection }: Target): Promise<Connection> {
  const http = new HttpConnection(port);
  const root = `${CHROMA_COLLECTIONS}/${collection}`;
  let search: Record<string, unknown> = {};
  return {
    async write(points) {
      const body = {
        ids: points.map(({ row }) => String(row)),
        embeddings: points.map(({ vector }) => base64(vector)),
        metadatas: points.map(({ row }) => payloadOf(row)),
      };
      await http.ask({ method: 'POST', path: `${root}/upsert`, body: JSON.stringify(body) });
    },
    async searchWith({ k, field }: How) {
      search = { n_results: k, include: ['distances'], ...(field === undefined ? {} : { where: { [field]: 0 } }) };
    },
    prepare: (vector) => JSON.stringify({ query_embeddings: [Array.from(vector)], ...search }),
    search: (body) => http.ask({ method: 'POST', path: `${root}/query`, body: body as string }),
    rowsOf: (text) => ((JSON.parse(text as string) as Answer).ids[0] ?? []).map(Number),
    close: () => http.close(),
  };
}
