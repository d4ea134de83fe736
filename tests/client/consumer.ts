import { execFile, type ChildProcess } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { temporaryDirectory } from '@vectorizer/testing';

const repository = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);
/** What is still going on after this hangs. */
const RUN_MS_MAX = 50_000;

export type Printed = { readonly code: number; readonly out: string; readonly err: string };

type RunOptions = {
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  /** Once it has printed this, it is told to end, as by Ctrl-C. */
  readonly until?: string;
};

/** A directory outside the workspace into which packages were installed from their tarballs, as from a registry, by npm. */
export type Consumer = AsyncDisposable & {
  readonly path: string;
  /** By the package's name in the repository, where its tarball is. */
  readonly tarballs: ReadonlyMap<string, string>;
  write(file: string, text: string): Promise<void>;
  /** Ends with its code, whatever that is. */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<Printed>;
};

/** Nothing is asked of a registry: what a package needs must be in it, or in another one that is given. */
export async function consumerOf(packages: readonly string[]): Promise<Consumer> {
  const directory = await temporaryDirectory();
  const { path } = directory;
  await mkdir(join(path, 'tarballs'));
  const tarballs = new Map<string, string>();
  for (const name of packages) {
    const cwd = join(repository, 'packages', name);
    const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', join(path, 'tarballs')], { cwd });
    tarballs.set(name, join(path, 'tarballs', stdout.trim().split('\n').at(-1) ?? ''));
  }
  await writeFile(join(path, 'package.json'), '{ "private": true, "type": "module" }');
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', ...tarballs.values()], { cwd: path });
  return {
    path,
    tarballs,
    write: async (file, text) => writeFile(join(path, file), text),
    run: async (command, args, { input, env, until } = {}) =>
      new Promise((resolve_) => {
        // oxlint-disable-next-line node/no-process-env -- npm and node are found by the PATH of the tests
        const options = { cwd: path, env: { ...process.env, ...env }, timeout: RUN_MS_MAX };
        const child = execFile(command, args, options, (error, out, err) => {
          resolve_({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, err });
        });
        if (until !== undefined) interruptAt(child, until);
        // Whoever does not read what it is given has ended, which its code tells.
        child.stdin?.on('error', () => undefined);
        child.stdin?.end(input ?? '');
      }),
    [Symbol.asyncDispose]: async () => directory[Symbol.asyncDispose](),
  };
}

function interruptAt(child: ChildProcess, text: string): void {
  let printed = '';
  child.stdout?.on('data', (piece: string | Buffer) => {
    printed += piece.toString();
    if (printed.includes(text)) child.kill('SIGINT');
  });
}

/** The repository's compiler, as a consumer would call its own. */
export const tsc = join(repository, 'node_modules/typescript/bin/tsc');
