import type { Command } from 'commander';
import type { Filter } from '@vectorizer/client';
import { PARTLY } from './exit.ts';
import { filterOf } from './parse.ts';
import { show } from './print.ts';
import { ask, asking, type Output } from './server.ts';

type FilterFlags = Output & { readonly filter?: Filter };

/** `get`, `count`, `delete`. */
export function registerPoints(program: Command): void {
  asking(program, 'get <collection> <ids...>', 'points by their ids')
    .option('--no-vector', 'leave their vectors out')
    .action(async (collection: string, ids: readonly string[], flags: Output & { readonly vector: boolean }) =>
      ask(flags, async (client) => {
        const found = await client.get(collection, { ids, with_vector: flags.vector });
        show(found, flags);
        if (found.missing.length > 0) process.exitCode = PARTLY;
      }),
    );
  asking(program, 'count <collection>', 'how many points there are')
    .option('--filter <json>', 'only those that match', filterOf)
    .action(async (collection: string, flags: FilterFlags) =>
      ask(flags, async (client) =>
        show(await client.count(collection, { filter: flags.filter, consistency: 'strong' }), flags),
      ),
    );
  const remove = asking(
    program,
    'delete <collection> [ids...]',
    'delete points by their ids, or all that match a filter',
  );
  remove
    .option('--filter <json>', 'those that match', filterOf)
    .action(async (collection: string, ids: readonly string[], flags: FilterFlags) => {
      const { filter } = flags;
      if ((ids.length === 0) === (filter === undefined)) remove.error('error: give ids, or --filter');
      await ask(flags, async (client) => {
        if (filter !== undefined) return show(await client.deleteByFilter(collection, filter), flags);
        const done = await client.delete(collection, ids);
        show(done, flags);
        if (done.failed > 0) process.exitCode = PARTLY;
      });
    });
}
