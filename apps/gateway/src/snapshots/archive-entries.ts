import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Failure } from '@vectorizer/errors';
import { extract } from 'tar-stream';

/** A snapshot's archive has one for each file, and a few for directories when it was packed anew. */
const ENTRIES_MAX = 4_096;

export type ArchiveEntry = {
  readonly name: string;
  readonly bytes: number;
  readonly content: AsyncIterable<Uint8Array>;
};

/**
 * The files of a tar archive while it arrives; of each the content is read before the next is asked for. Throws
 * `malformed_body` where it is no archive, or ends within a file.
 */
export async function* archiveEntries(archive: AsyncIterable<Uint8Array>): AsyncGenerator<ArchiveEntry, void> {
  const unpack = extract();
  const feeding = pipeline(Readable.from(archive), unpack);
  // What stops it is thrown to whoever reads.
  feeding.catch(() => undefined);
  let entries = 0;
  try {
    for await (const entry of unpack) {
      const { name, type, size } = entry.header;
      if ((entries += 1) > ENTRIES_MAX)
        throw new Failure('validation_error', `the archive has over ${ENTRIES_MAX} entries`);
      if (type === 'file') yield { name: name.replace(/^\.\//, ''), bytes: size, content: readable(entry) };
      else if (type !== 'directory')
        throw new Failure('validation_error', `${name} is a ${type} in the archive, not a file`);
      entry.resume();
    }
    await feeding;
  } catch (cause) {
    throw unreadable(cause);
  } finally {
    unpack.destroy();
  }
}

async function* readable(content: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  try {
    yield* content as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw unreadable(cause);
  }
}

function unreadable(cause: unknown): Failure {
  if (cause instanceof Failure) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Failure('malformed_body', `the archive cannot be read to its end: ${reason}`, { cause });
}
