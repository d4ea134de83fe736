import { Redis } from 'ioredis';
import { freePort, ServerProcess, temporaryDirectory, until } from '@vectorizer/testing';
import { PATIENCE_MS } from '../../setting.ts';
import type { PeerServer } from '../peer.ts';
import { binaryOf } from './binaries.ts';
import { family } from './processes.ts';

const COLLECTION = 'bench';

export async function startRedisPeer(): Promise<PeerServer> {
  await using stack = new AsyncDisposableStack();
  const { path: directory } = stack.use(await temporaryDirectory());
  const port = await freePort();
  const args = ['--bind', '127.0.0.1', '--port', String(port), '--dir', directory, '--save', ''];
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always'];
  const loaded = (): Promise<void> =>
    until(() => isLoaded(port), { timeoutMs: PATIENCE_MS, what: 'Redis being ready' });
  const server = new ServerProcess(binaryOf('redis-server'), [...args, ...durable], loaded);
  await server.start();
  stack.defer(() => server.kill());
  const version = await ask(port, async (redis) => /redis_version:(\S+)/.exec(await redis.info('server'))?.[1] ?? '');
  const held = stack.move();
  return {
    name: 'redis',
    title: `Redis ${version}, vector sets`,
    settings: 'int8 vectors, as it comes; appendfsync always; VADD … CAS',
    directory,
    target: () => ({ peer: 'redis', port, collection: COLLECTION }),
    create: () => Promise.resolve(),
    finish: () => Promise.resolve(),
    pids: () => family(server.pid),
    async restart() {
      await server.stop();
      await server.start();
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

async function isLoaded(port: number): Promise<boolean> {
  try {
    return (await ask(port, (redis) => redis.ping())) === 'PONG';
  } catch {
    // Not listening yet, or still reading its file.
    return false;
  }
}

async function ask<T>(port: number, what: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis({
    port,
    host: '127.0.0.1',
    lazyConnect: true,
    retryStrategy: () => null,
    enableReadyCheck: false,
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await what(redis);
  } finally {
    redis.disconnect();
  }
}
