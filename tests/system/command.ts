import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { findBinary } from '@vectorizer/testing';
import { lettingIn } from './keys.ts';

export type Ended = { readonly code: number | null; readonly out: string; readonly err: string };
export type Running = { readonly pid: number; readonly ended: Promise<Ended>; kill(signal: NodeJS.Signals): void };

const repository = resolve(import.meta.dirname, '../..');

/** Starts the built command line, as `./vectorizer` does once it has brought what is missing. */
export function startCommand(
  args: readonly string[],
  environment: Record<string, string> = {},
  root: string = repository,
): Running {
  const child = spawn(process.execPath, [resolve(root, 'apps/cli/dist/main.js'), ...args], {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: '/usr/bin:/bin',
      NODE_COMPILE_CACHE: resolve(repository, '.tools/compiled'),
      VECTORIZER_NATS_SERVER: findBinary('nats-server', 'nats'),
      VECTORIZER_REDIS_SERVER: findBinary('redis-server', 'redis/bin'),
      ...lettingIn(args),
      ...environment,
    },
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const ended = once(child, 'exit').then(([code]): Ended => ({ code: code as number | null, out, err }));
  return { pid: child.pid ?? 0, ended, kill: (signal) => child.kill(signal) };
}

export async function runCommand(...args: readonly string[]): Promise<Ended> {
  return startCommand(args).ended;
}

/** The last line that a command printed, as JSON. */
export function lastJson({ out }: Ended): unknown {
  return JSON.parse(out.trim().split('\n').at(-1) ?? '');
}
