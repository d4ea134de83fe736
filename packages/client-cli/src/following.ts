import type { Command } from 'commander';
import type { Filter } from '@vectorizer/client';
import { filterOf } from './parse.ts';
import { interrupted, stream } from './print.ts';
import { ask, asking, type Output } from './server.ts';

type ChangesFlags = Output & { readonly from?: string; readonly filter?: Filter; readonly vector?: boolean };

/** `changes` and `replication-events`, until Ctrl-C. */
export function registerFollowing(program: Command): void {
  asking(program, 'changes <collection>', 'what happens to its points, as JSON lines, until Ctrl-C')
    .option('--from <position>', 'now, start, or the position of an event (default: now)')
    .option('--filter <json>', 'only of points that match', filterOf)
    .option('--vector', 'with their vectors')
    .action(async (collection: string, flags: ChangesFlags) =>
      ask(flags, async (client) => {
        const { from, filter, vector: with_vector } = flags;
        await stream(client.changes(collection, { from, filter, with_vector, signal: interrupted() }));
      }),
    );
  asking(program, 'replication-events', 'what happens to replicas and nodes, as JSON lines, until Ctrl-C')
    .option('--after <number>', 'of an event, those after it first', Number)
    .action(async (flags: Output & { readonly after?: number }) =>
      ask(flags, async (client) => stream(client.replication.events({ after: flags.after, signal: interrupted() }))),
    );
}
