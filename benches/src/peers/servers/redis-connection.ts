import { Redis } from 'ioredis';
import { payloadOf } from '../../data/payload.ts';
import { GRAPH, type Connection, type How, type Target } from '../peer.ts';

/** Vectors travel as their bytes; the points of a write are sent together. */
export async function connectToRedis({ port, collection }: Target): Promise<Connection> {
  const redis = new Redis({ port, host: '127.0.0.1', lazyConnect: true });
  await redis.connect();
  let options: readonly (string | number)[] = [];
  return {
    async write(points) {
      const pipeline = redis.pipeline();
      for (const { row, vector } of points) {
        const attributes = ['SETATTR', JSON.stringify(payloadOf(row)), 'M', GRAPH.m];
        const graph = ['CAS', 'EF', GRAPH.efConstruction];
        pipeline.call('VADD', collection, 'FP32', bytesOf(vector), String(row), ...graph, ...attributes);
      }
      for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error;
    },
    async searchWith({ k, ef, field }: How) {
      options = ['COUNT', k, 'EF', ef, ...(field === undefined ? [] : ['FILTER', `.${field} == 0`])];
    },
    prepare: (vector) => [collection, 'FP32', bytesOf(vector), ...options],
    search: (words) => redis.call('VSIM', ...(words as (string | Buffer | number)[])),
    rowsOf: (answer) => (answer as string[]).map(Number),
    async close() {
      await redis.quit();
    },
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
