import { Option, type Command } from 'commander';
import { processTerminal, wholeNumber } from '@vectorizer/command-line';
import { PARTLY } from './exit.ts';
import { list, show } from './print.ts';
import { ask, asking, type Output } from './server.ts';

type SlowFlags = Output & {
  readonly collection?: string;
  readonly order: 'newest' | 'slowest';
  readonly limit: number;
};

/** `health`, `status`, `me`, `logs`, `slow-queries`, `audit`. */
export function registerSystem(program: Command): void {
  asking(program, 'health', 'every check; exit code 3 when one fails').action(async (flags: Output) =>
    ask(flags, async (client) => {
      const health = await client.system.health();
      show(health, flags);
      if (health.status !== 'healthy') process.exitCode = PARTLY;
    }),
  );
  asking(program, 'status', 'every replica; exit code 3 when one is not connected').action(async (flags: Output) =>
    ask(flags, async (client) => {
      const { replicas } = await client.replication.status();
      list(replicas, flags, {
        replica: ({ id }) => id,
        status: ({ status }) => status,
        'lag ms': ({ lag_ms }) => lag_ms,
        'lag entries': ({ lag_entries }) => lag_entries,
        address: ({ address }) => address,
        reason: ({ reason }) => reason,
      });
      if (replicas.some(({ status }) => status !== 'Connected')) process.exitCode = PARTLY;
    }),
  );
  asking(program, 'me', 'whom the server takes this key for').action(async (flags: Output) =>
    ask(flags, async (client) => show(await client.keys.me(), flags)),
  );
  asking(
    program,
    'logs <id>',
    'what every process remembers to have written about a request, by its correlation id',
  ).action(async (id: string, flags: Output) =>
    ask(flags, async (client) => {
      for (const line of (await client.system.logs(id)).lines) processTerminal.out(JSON.stringify(line));
    }),
  );
  registerLists(program);
}

function registerLists(program: Command): void {
  asking(program, 'slow-queries', 'reads that took long')
    .option('--collection <collection>', 'only of this one')
    .addOption(new Option('--order <order>', 'which first').choices(['newest', 'slowest']).default('newest'))
    .option('--limit <queries>', 'at most', wholeNumber(1, 256), 50)
    .action(async (flags: SlowFlags) =>
      ask(flags, async (client) => {
        const { collection, order, limit } = flags;
        list((await client.system.slowQueries({ collection, order, limit })).queries, flags, {
          at: ({ at }) => at,
          ms: ({ took_ms }) => took_ms,
          collection: ({ collection: of }) => of,
          procedure: ({ procedure }) => procedure,
          'correlation id': ({ correlation_id }) => correlation_id,
        });
      }),
    );
  asking(program, 'audit', 'who did what, newest first')
    .option('--limit <entries>', 'at most', wholeNumber(1, 1_000), 100)
    .action(async (flags: Output & { readonly limit: number }) =>
      ask(flags, async (client) => {
        list((await client.audit.find({ limit: flags.limit })).entries, flags, {
          at: ({ at }) => at,
          actor: ({ actor }) => actor,
          action: ({ action }) => action,
          result: ({ result }) => result,
          target: ({ target }) => target,
        });
      }),
    );
}
