import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinary } from './find-binary.ts';
import { freePort } from './free-port.ts';
import { ServerProcess } from './server-process.ts';
import { until } from './until.ts';

/** A real nats-server on loopback with JetStream, durable as in production unless `config` says otherwise. */
export type NatsServer = AsyncDisposable & {
  readonly url: string;
  /** HTTP monitoring, on loopback. */
  readonly monitorUrl: string;
  readonly port: number;
  readonly pid: number;
  kill(): Promise<void>;
  stop(): Promise<void>;
  pause(): void;
  resume(): void;
  /** Starts it again on the same port and the same store. */
  restart(): Promise<void>;
};

export type NatsOptions = {
  /** Replaces `sync_interval: always` inside the jetstream block. */
  readonly sync?: string;
  /** The largest message; ours is 8 MB. */
  readonly maxPayload?: string;
  /** A client that takes nothing for this long is dropped; 10s by default. */
  readonly writeDeadline?: string;
};

export async function startNats(options: NatsOptions = {}): Promise<NatsServer> {
  const directory = await mkdtemp(join(tmpdir(), 'vectorizer-nats-'));
  const [port, monitorPort] = [await freePort(), await freePort()];
  const file = join(directory, 'nats.conf');
  await writeFile(
    file,
    [
      `listen: "127.0.0.1:${port}"`,
      `http: "127.0.0.1:${monitorPort}"`,
      `max_payload: ${options.maxPayload ?? '8MB'}`,
      `write_deadline: "${options.writeDeadline ?? '10s'}"`,
      `jetstream { store_dir: "${join(directory, 'store')}", ${options.sync ?? 'sync_interval: always'} }`,
    ].join('\n'),
  );
  const monitorUrl = `http://127.0.0.1:${monitorPort}`;
  const server = new ServerProcess(findBinary('nats-server', 'nats'), ['-c', file], () =>
    until(async () => (await fetch(`${monitorUrl}/healthz`).catch(() => undefined))?.ok === true, {
      what: 'nats-server being ready',
    }),
  );
  await server.start();
  return {
    url: `nats://127.0.0.1:${port}`,
    monitorUrl,
    port,
    get pid() {
      return server.pid;
    },
    kill: () => server.kill(),
    stop: () => server.stop(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    restart: () => server.start(),
    async [Symbol.asyncDispose]() {
      await server.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
