import { Client, type ClientConfig, type QueryArrayResult } from 'pg';
import { payloadOf, SELECTIVITIES } from '../../data/payload.ts';
import type { Connection, How, Target } from '../peer.ts';

const FIELDS = SELECTIVITIES.map(({ field }) => field);
const COLUMNS = FIELDS.length + 2;

export function postgresOptions(port: number): ClientConfig {
  return { host: '127.0.0.1', port, user: 'postgres', database: 'postgres' };
}

/** Statements are prepared once to a connection; vectors travel as their bytes. `collection` is a table. */
export async function connectToPostgres({ port, collection }: Target): Promise<Connection> {
  const client = new Client(postgresOptions(port));
  await client.connect();
  let text = '';
  return {
    async write(points) {
      const values = points.flatMap(({ row, vector }) => {
        const payload = payloadOf(row);
        return [row, bytesOf(vector), ...FIELDS.map((field) => payload[field])];
      });
      await client.query({ name: `write-${points.length}`, text: upsert(collection, points.length), values });
    },
    async searchWith({ k, ef, field }: How) {
      await client.query(`SET hnsw.ef_search = ${ef}`);
      await client.query('SET hnsw.iterative_scan = relaxed_order');
      const where = field === undefined ? '' : `WHERE ${field} = 0 `;
      text = `SELECT id FROM ${collection} ${where}ORDER BY vector <#> $1::vector LIMIT ${k}`;
    },
    prepare: bytesOf,
    search: (vector) => client.query({ name: 'search', text, values: [vector], rowMode: 'array' }),
    rowsOf: (answer) => (answer as QueryArrayResult<[number]>).rows.map(([id]) => id),
    close: () => client.end(),
  };
}

function upsert(table: string, points: number): string {
  const rows = Array.from({ length: points }, (_, point) => {
    const places = Array.from(
      { length: COLUMNS },
      (_field, i) => `$${point * COLUMNS + i + 1}${i === 1 ? '::vector' : ''}`,
    );
    return `(${places.join(',')})`;
  });
  const set = ['vector', ...FIELDS].map((column) => `${column} = EXCLUDED.${column}`);
  return `INSERT INTO ${table} (id, vector, ${FIELDS.join(', ')}) VALUES ${rows.join(',')} ON CONFLICT (id) DO UPDATE SET ${set.join(', ')}`;
}

/** As pgvector receives it: two numbers of 16 bits, its length and nothing, then the components, all big-endian. */
function bytesOf(vector: Float32Array): Buffer {
  const bytes = Buffer.alloc(4 + vector.length * 4);
  bytes.writeUInt16BE(vector.length, 0);
  for (const [i, component] of vector.entries()) bytes.writeFloatBE(component, 4 + i * 4);
  return bytes;
}
