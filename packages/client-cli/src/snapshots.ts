import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import type { Snapshot } from '@vectorizer/client';
import { list, show } from './print.ts';
import { ask, asking, type Output } from './server.ts';

type WaitFlags = Output & { readonly wait?: boolean };
type RestoreFlags = WaitFlags & { readonly as?: string; readonly replace?: boolean; readonly time?: string };

/** `snapshots list | create | show | download | upload | restore | drop`. */
export function registerSnapshots(program: Command): void {
  const snapshots = program.command('snapshots').description('of collections: taken, kept elsewhere, restored');
  asking(snapshots, 'list <collection>', 'every snapshot, newest first').action(
    async (collection: string, flags: Output) =>
      ask(flags, async (client) =>
        list(await client.snapshots.list(collection), flags, {
          id: ({ id }) => id,
          state: ({ state }) => state,
          points: ({ points }) => points,
          bytes: ({ bytes }) => bytes,
          created: ({ created_at }) => created_at,
        }),
      ),
  );
  asking(snapshots, 'create <collection>', 'take one')
    .option('--wait', 'until it is complete')
    .action(async (collection: string, flags: WaitFlags) =>
      ask(flags, async (client) => {
        const begun = await client.snapshots.create(collection);
        told(flags.wait === true ? await client.snapshots.finished(collection, begun.id) : begun, flags);
      }),
    );
  asking(snapshots, 'show <collection> <id>', 'one, and how far it is').action(
    async (collection: string, id: string, flags: Output) =>
      ask(flags, async (client) => show(await client.snapshots.get(collection, id), flags)),
  );
  asking(snapshots, 'download <collection> <id>', 'as a tar archive')
    .requiredOption('--out <file>', 'where to; it must not be there yet')
    .action(async (collection: string, id: string, flags: Output & { readonly out: string }) =>
      ask(flags, async (client) => {
        const { out } = flags;
        try {
          await pipeline(client.snapshots.download(collection, id), createWriteStream(out, { flags: 'wx' }));
        } catch (error) {
          // What was there before is somebody's; a part of a snapshot is of no use.
          if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) await rm(out, { force: true });
          throw error;
        }
        show({ id, file: out }, flags);
      }),
    );
  asking(snapshots, 'upload <collection> <file>', 'what was downloaded, here or elsewhere; it is then restored').action(
    async (collection: string, file: string, flags: Output) =>
      ask(flags, async (client) => show(await client.snapshots.upload(collection, createReadStream(file)), flags)),
  );
  registerRestore(snapshots);
  asking(snapshots, 'drop <collection> <id>', 'remove it').action(
    async (collection: string, id: string, flags: Output) =>
      ask(flags, async (client) => {
        await client.snapshots.delete(collection, id);
        show({ id, status: 'deleted' }, flags);
      }),
  );
}

function registerRestore(snapshots: Command): void {
  asking(snapshots, 'restore <collection> <id>', 'make a collection of it')
    .option('--as <name>', 'of the collection that is made (default: as it was)')
    .option('--replace', 'in the place of a collection that has the name')
    .option('--time <moment>', 'what was written until then, too (ISO 8601)')
    .option('--wait', 'until it is complete')
    .action(async (collection: string, id: string, flags: RestoreFlags) =>
      ask(flags, async (client) => {
        const begun = await client.snapshots.restore(collection, {
          id,
          name: flags.as,
          replace: flags.replace,
          time: flags.time,
        });
        told(flags.wait === true ? await client.snapshots.finished(collection, id) : begun, flags);
      }),
    );
}

/** A job that has failed is a failure of the command that waited for it. */
function told(snapshot: Snapshot, flags: Output): void {
  show(snapshot, flags);
  if (snapshot.state === 'failed' || snapshot.restore?.state === 'failed') process.exitCode = 1;
}
