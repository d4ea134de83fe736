import { constants, fstatSync, ftruncateSync, readSync, writeSync } from 'node:fs';
import { copyFile, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** So much of a log is kept, and so much of what came before it; and what is written between two looks. */
const BYTES_MAX = 64 * 1024 * 1024;
const LOOK_MS = 1_000;
const CHUNK = Buffer.alloc(64 * 1024);

export type LogBounds = { readonly bytesMax?: number; readonly lookMs?: number };

/**
 * Keeps every log of a directory within bounds while its process writes it. The process has the file open, not its name, and
 * may live longer than its supervisor, so the file stays: what is in it is copied to `<name>.log.1`, and then it is emptied.
 * The process appends (`O_APPEND`), so it goes on at the beginning.
 */
export class BoundedLogs implements AsyncDisposable {
  readonly #directory: string;
  readonly #say: (line: string) => void;
  readonly #bytesMax: number;
  readonly #timer: NodeJS.Timeout;
  /** Of these it is known already. */
  readonly #failed = new Set<string>();
  #looking: Promise<void> | undefined;

  constructor(
    directory: string,
    say: (line: string) => void,
    { bytesMax = BYTES_MAX, lookMs = LOOK_MS }: LogBounds = {},
  ) {
    this.#directory = directory;
    this.#say = say;
    this.#bytesMax = bytesMax;
    this.#timer = setInterval(() => {
      this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    }, lookMs).unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    const names = await readdir(this.#directory).catch(() => []);
    for (const name of names.filter((each) => each.endsWith('.log'))) await this.#bound(join(this.#directory, name));
  }

  async #bound(file: string): Promise<void> {
    try {
      if ((await stat(file)).size <= this.#bytesMax) return;
      await putAside(file);
      this.#failed.delete(file);
    } catch (error) {
      if (!this.#failed.has(file)) this.#say(`${file} cannot be put aside, and grows: ${String(error)}`);
      this.#failed.add(file);
    }
  }
}

/**
 * Moves what is in a log to `<log>.1`, whose former content goes first, so that there are never more than two on the disk.
 * What is written while it is copied is moved as well; lost is what is written after the last read that finds nothing and
 * before the call that empties the file, which are made one right after the other.
 */
export async function putAside(file: string): Promise<void> {
  const aside = `${file}.1`;
  const part = `${aside}.part`;
  await rm(aside, { force: true });
  await copyFile(file, part, constants.COPYFILE_FICLONE);
  await using log = await open(file, 'r+');
  await using copy = await open(part, 'a');
  // Ahead of the emptying: a supervisor that ends between the two leaves lines twice, and none nowhere.
  await rename(part, aside);
  let position = fstatSync(copy.fd).size;
  for (;;) {
    const bytes = readSync(log.fd, CHUNK, 0, CHUNK.length, position);
    if (bytes === 0) break;
    position += writeSync(copy.fd, CHUNK, 0, bytes);
  }
  ftruncateSync(log.fd, 0);
}
