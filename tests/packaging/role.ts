import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { copyNode } from './assembled.ts';
import type { Image } from './dockerfile.ts';

export type Ended = { readonly code: number | null; readonly output: string };
export type Role = AsyncDisposable & {
  /** Runs the image's health command beside it, as Docker does. */
  health(): Promise<Ended>;
  /** Sends SIGTERM, and answers how it ended. */
  stop(): Promise<Ended>;
};

/** Starts what an image's containers are, from the files of one, as its user, with its environment and nothing else. */
export class Containers {
  readonly #image: Image;
  readonly #directory: string;
  readonly #path: string;
  readonly #user: { readonly uid?: number; readonly gid?: number };

  constructor(image: Image, directory: string) {
    this.#image = image;
    this.#directory = directory;
    this.#path = `${copyNode(directory)}:/usr/bin:/bin`;
    const [uid = 0, gid = 0] = image.user.split(':').map(Number);
    // Only root can become somebody else; any other user finds the files as closed.
    this.#user = process.getuid?.() === 0 ? { uid, gid } : {};
    for (const volume of image.volumes) {
      mkdirSync(this.volume(volume), { mode: 0o700 });
      if (this.#user.uid !== undefined) chownSync(this.volume(volume), uid, gid);
    }
  }

  /** Where a volume of the image is. */
  volume(path: string): string {
    return join(this.#directory, path);
  }

  start(args: readonly string[], environment: Readonly<Record<string, string>>): Role {
    const running = this.#spawn([...this.#image.entrypoint, ...args], environment);
    const stop = async (): Promise<Ended> => {
      running.child.kill('SIGTERM');
      return running.ended;
    };
    return {
      health: async () => this.#spawn(this.#image.healthCommand, environment).ended,
      stop,
      async [Symbol.asyncDispose]() {
        running.child.kill('SIGKILL');
        await running.ended;
      },
    };
  }

  async run(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return this.#spawn([...this.#image.entrypoint, ...args], environment).ended;
  }

  /** Any command of the image's root, by its user. */
  async runAs(command: readonly string[]): Promise<Ended> {
    return this.#spawn(command, {}).ended;
  }

  #spawn(
    [command = '', ...args]: readonly string[],
    environment: Readonly<Record<string, string>>,
  ): { child: ReturnType<typeof spawn>; ended: Promise<Ended> } {
    const child = spawn(this.#inside(command), args, {
      cwd: this.#directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...this.#environment(), ...environment },
      ...this.#user,
    });
    let output = '';
    const keep = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const ended = once(child, 'close').then(([code]): Ended => ({ code: code as number | null, output }));
    return { child, ended };
  }

  /** The image listens on every address, which is its network's; here that is loopback. */
  #environment(): Record<string, string> {
    const paths = Object.entries(this.#image.environment).map(([name, value]): [string, string] => [
      name,
      value.startsWith('/') ? this.volume(value) : value,
    ]);
    return { ...Object.fromEntries(paths), VECTORIZER_HOST: '127.0.0.1', PATH: this.#path };
  }

  #inside(command: string): string {
    return command.startsWith(this.#image.copied.to) ? join(this.#directory, command) : command;
  }
}
