import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Kind, Metric, NewCollectionInput, PayloadIndex, PayloadIndexType } from '@vectorizer/client';
import { wholeNumber } from '@vectorizer/command-line';
import { list, show } from './print.ts';
import { ask, asking, type Output } from './server.ts';

type CreateFlags = Output & {
  readonly dimension: number;
  readonly metric?: Metric;
  readonly kind?: Kind;
  readonly shards?: number;
  readonly replicas?: number;
  readonly index?: readonly PayloadIndex[];
};

/** `collections list | create | show | drop`, `aliases list | set | drop`. */
export function registerCollections(program: Command): void {
  const collections = program.command('collections').description('what points are in');
  asking(collections, 'list', 'every collection').action(async (flags: Output) =>
    ask(flags, async (client) =>
      list(await client.listCollections(), flags, {
        name: ({ name }) => name,
        dimension: ({ config }) => config.dimension,
        metric: ({ config }) => config.metric,
        kind: ({ config }) => config.kind,
        shards: ({ config }) => config.shards,
        replicas: ({ config }) => config.replication_factor,
        created: ({ created_at }) => created_at,
      }),
    ),
  );
  registerCreate(collections);
  asking(collections, 'show <collection>', 'one, with its shards and replicas').action(
    async (name: string, flags: Output) => ask(flags, async (client) => show(await client.getCollection(name), flags)),
  );
  asking(collections, 'drop <collection>', 'remove it, with all its points').action(
    async (name: string, flags: Output) =>
      ask(flags, async (client) => {
        await client.deleteCollection(name);
        show({ name, status: 'deleted' }, flags);
      }),
  );
  registerAliases(program);
}

function registerCreate(collections: Command): void {
  asking(collections, 'create <collection>', 'make one')
    .requiredOption('--dimension <numbers>', 'of its vectors', wholeNumber(1))
    .addOption(new Option('--metric <metric>', 'of nearness').choices(['cosine', 'dot', 'euclidean']))
    .addOption(new Option('--kind <kind>', 'how it is searched').choices(['cpu', 'quantized', 'gpu']))
    .option('--shards <shards>', 'parts that it is cut into', wholeNumber(1))
    .option('--replicas <replicas>', 'copies of each', wholeNumber(1))
    .option('--index <key:type...>', 'payload indexes, such as year:integer', indexes)
    .action(async (name: string, flags: CreateFlags) =>
      ask(flags, async (client) => {
        const { dimension, metric, kind, shards, replicas, index } = flags;
        const wanted: NewCollectionInput = {
          name,
          dimension,
          metric,
          kind,
          shards,
          replication_factor: replicas,
          payload_indexes: index,
        };
        show(await client.createCollection(wanted), flags);
      }),
    );
}

function indexes(text: string, before: readonly PayloadIndex[] = []): readonly PayloadIndex[] {
  const [, key, type] = /^(.+):(keyword|integer|float|bool|datetime|geo)$/.exec(text) ?? [];
  if (key === undefined || type === undefined) throw new InvalidArgumentError('such as year:integer.');
  return [...before, { key, type: type as PayloadIndexType }];
}

function registerAliases(program: Command): void {
  const aliases = program.command('aliases').description('other names of collections');
  asking(aliases, 'list', 'every alias').action(async (flags: Output) =>
    ask(flags, async (client) =>
      list(await client.aliases.list(), flags, {
        alias: ({ alias }) => alias,
        collection: ({ collection }) => collection,
      }),
    ),
  );
  asking(aliases, 'set <alias> <collection>', 'have it stand for a collection, in one step').action(
    async (alias: string, collection: string, flags: Output) =>
      ask(flags, async (client) => show(await client.aliases.set(alias, collection), flags)),
  );
  asking(aliases, 'drop <alias>', 'forget it').action(async (alias: string, flags: Output) =>
    ask(flags, async (client) => {
      await client.aliases.delete(alias);
      show({ alias, status: 'deleted' }, flags);
    }),
  );
}
