import { connect } from 'node:net';
import { once } from 'node:events';
import { findBinary } from './find-binary.ts';
import { freePort } from './free-port.ts';
import { ServerProcess } from './server-process.ts';
import { until } from './until.ts';

/** A real redis-server on loopback that keeps nothing on disk, as a cache does. */
export type RedisServer = AsyncDisposable & {
  readonly url: string;
  kill(): Promise<void>;
  stop(): Promise<void>;
  restart(): Promise<void>;
  /** It keeps its connections and answers nothing. */
  pause(): void;
  resume(): void;
};

export async function startRedis(): Promise<RedisServer> {
  const port = await freePort();
  const args = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'];
  const server = new ServerProcess(findBinary('redis-server', 'redis/bin'), args, () =>
    until(() => accepts(port), { what: 'redis-server being ready' }),
  );
  await server.start();
  return {
    url: `redis://127.0.0.1:${port}`,
    kill: () => server.kill(),
    stop: () => server.stop(),
    restart: () => server.start(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    [Symbol.asyncDispose]: () => server.kill(),
  };
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
