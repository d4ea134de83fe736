import { randomInt } from 'node:crypto';
import { access, constants, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CollectionUid, NodeId } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { writeWhole } from '@vectorizer/files';
import { lockDirectory, type Lock } from '@vectorizer/cluster';

/** Names one replica on its node. */
export type ReplicaKey = { readonly uid: CollectionUid; readonly shard: number };

const ID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const ID_SYMBOLS = 8;

/** What stands beside a replica's directory while a snapshot comes or goes. */
const TEMPORARY = ['.incoming', '.outgoing'];

/**
 * The files of one index node, held by one process at a time: `node-id`, `cluster-id`, and `replicas/<uid>_<shard>/` for
 * each replica. The node's id is made once and stays with the files, since placements name it.
 */
export class DataDirectory {
  readonly node: NodeId;
  readonly #path: string;
  readonly #lock: Lock;

  private constructor(parts: { readonly node: NodeId; readonly path: string; readonly lock: Lock }) {
    this.node = parts.node;
    this.#path = parts.path;
    this.#lock = parts.lock;
  }

  /**
   * Made if it is absent. Throws `storage_error` when it cannot be written, another process holds it, or its replicas are
   * another cluster's: to this one they would be rubbish to remove.
   */
  static async open(given: string, cluster: string): Promise<DataDirectory> {
    const path = resolve(given);
    await writable(path);
    const lock = await lockDirectory(path);
    try {
      await belongTo(path, cluster);
      await rm(join(path, 'scratch'), { recursive: true, force: true });
      return new DataDirectory({ node: await nodeIdIn(path), path, lock });
    } catch (cause) {
      await lock.release();
      throw cause;
    }
  }

  pathOf({ uid, shard }: ReplicaKey): string {
    return join(this.#path, 'replicas', `${uid}_${shard}`);
  }

  /** For files that are of use to this process only. */
  scratchFor({ uid, shard }: ReplicaKey): string {
    return join(this.#path, 'scratch', `${uid}_${shard}`);
  }

  /** The replicas that have files here. What is named otherwise is not ours and is left alone. */
  async replicas(): Promise<ReplicaKey[]> {
    const names = await readdir(join(this.#path, 'replicas'));
    return names.flatMap((name) => {
      const [, uid, shard] = /^([a-z0-9]{16})_(\d+)(?:\.incoming|\.outgoing)?$/.exec(name) ?? [];
      return uid === undefined ? [] : [{ uid: CollectionUid.parse(uid), shard: Number(shard) }];
    });
  }

  /** When the files of a replica came to be, as far as the file system tells (epoch milliseconds). */
  async since(replica: ReplicaKey): Promise<number> {
    const path = this.pathOf(replica);
    const found = await Promise.all([path, ...TEMPORARY.map((suffix) => path + suffix)].map(bornAt));
    return Math.min(...found);
  }

  /** A kill half-way leaves a directory that the catalog does not know, which the next start removes. */
  async remove(replica: ReplicaKey): Promise<void> {
    const path = this.pathOf(replica);
    for (const each of [path, ...TEMPORARY.map((suffix) => path + suffix)]) {
      await rm(each, { recursive: true, force: true });
    }
  }

  async close(): Promise<void> {
    await this.#lock.release();
  }
}

/** Some file systems do not know when a directory was made; it was not after its last change. */
async function bornAt(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return Infinity;
  return found.birthtimeMs > 0 ? Math.min(found.birthtimeMs, found.mtimeMs) : found.mtimeMs;
}

async function writable(path: string): Promise<void> {
  try {
    // What is stored is for nobody else on the machine.
    await mkdir(join(path, 'replicas'), { recursive: true, mode: 0o700 });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    await access(join(path, 'replicas'), constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw notWritable(path, cause);
  }
}

async function nodeIdIn(path: string): Promise<NodeId> {
  const file = join(path, 'node-id');
  const text = await textOf(path, file);
  if (text === undefined) {
    const symbols = Array.from({ length: ID_SYMBOLS }, () => ID_ALPHABET[randomInt(ID_ALPHABET.length)]);
    const node = NodeId.parse(`node-${symbols.join('')}`);
    await writeLine(path, file, node);
    return node;
  }
  const known = NodeId.safeParse(text);
  if (known.success) return known.data;
  throw new Failure('storage_error', `${file} does not hold the id of an index node`, { cause: known.error });
}

async function belongTo(path: string, cluster: string): Promise<void> {
  const file = join(path, 'cluster-id');
  const text = await textOf(path, file);
  if (text === undefined) await writeLine(path, file, cluster);
  else if (text !== cluster) {
    throw new Failure(
      'storage_error',
      `data directory ${path} belongs to cluster ${text}, but these log servers are of cluster ${cluster}`,
    );
  }
}

async function textOf(path: string, file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').then(
    (text) => text.trim(),
    (cause: unknown) => {
      if (codeOf(cause) === 'ENOENT') return undefined;
      throw notWritable(path, cause);
    },
  );
}

async function writeLine(path: string, file: string, line: string): Promise<void> {
  try {
    await writeWhole(file, `${line}\n`);
  } catch (cause) {
    throw notWritable(path, cause);
  }
}

function notWritable(path: string, cause: unknown): Failure {
  return new Failure('storage_error', `data directory ${path} cannot be written: ${codeOf(cause)}`, { cause });
}

function codeOf(cause: unknown): string {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : String(cause);
}
