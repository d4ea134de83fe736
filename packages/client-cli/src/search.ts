import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import type { Filter, Hit } from '@vectorizer/client';
import { processTerminal, wholeNumber } from '@vectorizer/command-line';
import { filterOf, vectorOf } from './parse.ts';
import { list } from './print.ts';
import { ask, asking, type Output } from './server.ts';

type SearchFlags = Output & {
  readonly vector?: string;
  readonly like?: readonly string[];
  readonly unlike?: readonly string[];
  readonly k: number;
  readonly filter?: Filter;
  readonly exact?: boolean;
  readonly withVector?: boolean;
};

/** `search`, by a vector or by points that are there. */
export function registerSearch(program: Command): void {
  asking(program, 'search <collection>', 'the nearest points')
    .option('--vector <json>', 'a list of numbers; - reads it from stdin')
    .option('--like <ids...>', 'points that they are to be like')
    .option('--unlike <ids...>', 'points that they are not to be like')
    .option('-k, --k <hits>', 'how many', wholeNumber(1), 10)
    .option('--filter <json>', 'only those that match', filterOf)
    .option('--exact', 'compare all points')
    .option('--with-vector', 'and their vectors')
    .action(async (collection: string, flags: SearchFlags, command: Command) => {
      const { k, filter, exact, withVector, like: positive, unlike: negative } = flags;
      if ((flags.vector === undefined) === (positive === undefined)) command.error('error: give --vector, or --like');
      const asked = { k, filter, exact, with_vector: withVector };
      const vector =
        flags.vector === undefined
          ? undefined
          : (vectorOf(flags.vector === '-' ? await text(process.stdin) : flags.vector) ??
            command.error('error: --vector is a list of numbers as JSON, such as [0.1, 0.9]'));
      await ask(flags, async (client) => {
        const { hits, warnings } =
          vector === undefined
            ? await client.recommend(collection, { ...asked, positive: positive ?? [], negative })
            : await client.search(collection, { ...asked, vector });
        for (const { message } of warnings ?? []) processTerminal.err(message);
        list<Hit>(hits, flags, {
          id: ({ id }) => id,
          score: ({ score }) => score.toFixed(6),
          payload: ({ payload }) => JSON.stringify(payload ?? null),
          ...(withVector === true && { vector: ({ vector: found }: Hit) => JSON.stringify(found) }),
        });
      });
    });
}
