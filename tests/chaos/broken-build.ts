import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { temporaryDirectory, type TemporaryDirectory } from '@vectorizer/testing';

const repository = resolve(import.meta.dirname, '../..');
/** What a workspace package needs at run time, where it has it. */
const PARTS = ['package.json', 'dist', 'build', 'node_modules'];

/** One spot of the built code, and what is to be there instead. */
export type Break = { readonly file: string; readonly find: string; readonly replace: string };

/** Ingest answers that a write is logged, at the sequence that it should get, and sends it to the log a little later. */
export const acknowledgesBeforeTheLog: readonly Break[] = [
  {
    file: 'packages/log/dist/log-writer.js',
    find: 'const { seq } = await this.#client.publish(this.#subject, bytes, options);',
    replace: `this.guess = (this.guess ?? (await this.#manager.streams.info(this.#stream)).state.last_seq) + 1;
              const seq = this.guess;
              sleep(2_000)
                .then(() => this.#client.publish(this.#subject, bytes, options))
                .catch(() => undefined);`,
  },
];

/** Neither the log server nor the replicas know a request that comes again. */
export const forgetsRequests: readonly Break[] = [
  {
    file: 'packages/log/dist/log-writer.js',
    find: 'const options = { msgID, headers, timeout',
    replace: 'const options = { headers, timeout',
  },
  {
    file: 'packages/engine/dist/apply/prepare.js',
    find: 'const first = this.#remembered.get(id) ?? this.#ground.requests.find(id);',
    replace: 'const first = undefined;',
  },
];

/** The cache takes any answer to the same search, whatever sequences it is exact for. */
export const cachesWithoutSequences: readonly Break[] = [
  {
    file: 'apps/query/dist/cache/cacheable-call.js',
    find: 'if (newest !== undefined && covers(cached.sequences, newest))',
    replace: 'if (true)',
  },
];

/** A copy of what is built here, broken on purpose; it runs as the original does, from its own directory. */
export async function breakBuild(breaks: readonly Break[]): Promise<TemporaryDirectory> {
  const copy = await temporaryDirectory();
  try {
    await copyBuild(copy.path);
    for (const { file, find, replace } of breaks) {
      const path = join(copy.path, file);
      const text = await readFile(path, 'utf8');
      if (text.split(find).length !== 2) throw new Error(`${file} should hold this once, to be broken: ${find}`);
      await writeFile(
        path,
        text.replace(find, () => replace),
      );
    }
    return copy;
  } catch (cause) {
    await copy[Symbol.asyncDispose]();
    throw cause;
  }
}

async function copyBuild(to: string): Promise<void> {
  for (const group of ['apps', 'packages']) {
    for (const name of await readdir(join(repository, group))) {
      await mkdir(join(to, group, name), { recursive: true });
      const present = new Set(await readdir(join(repository, group, name)));
      for (const part of PARTS.filter((each) => present.has(each))) {
        // The links among packages are relative, so that the copies find each other.
        const how = { recursive: true, verbatimSymlinks: true };
        await cp(join(repository, group, name, part), join(to, group, name, part), how);
      }
    }
  }
  await cp(join(repository, 'infra'), join(to, 'infra'), { recursive: true });
  await symlink(join(repository, 'node_modules'), join(to, 'node_modules'));
}
