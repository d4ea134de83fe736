import type { Command } from 'commander';
import type { Filter, Point, VectorizerClient } from '@vectorizer/client';
import { wholeNumber } from '@vectorizer/command-line';
import { filterOf } from './parse.ts';
import { stream } from './print.ts';
import { ask, asking, type Output } from './server.ts';

type ExportFlags = Output & {
  readonly filter?: Filter;
  readonly vector: boolean;
  readonly limit?: number;
  readonly after?: string;
};

const PAGE = 500;

/** `scroll`: what `upsert` takes, so that a collection can be copied through a pipe. */
export function registerExport(program: Command): void {
  asking(program, 'scroll <collection>', 'every point as JSON lines, in the order of ids; upsert takes them')
    .alias('export')
    .option('--filter <json>', 'only those that match', filterOf)
    .option('--after <id>', 'only those after this one')
    .option('--limit <points>', 'at most', wholeNumber(1))
    .option('--no-vector', 'leave their vectors out')
    .action(async (collection: string, flags: ExportFlags) =>
      ask(flags, async (client) => stream(lines(client, collection, flags))),
    );
}

async function* lines(client: VectorizerClient, collection: string, flags: ExportFlags): AsyncGenerator<object> {
  const { filter, after, vector: with_vector, limit = Infinity } = flags;
  let told = 0;
  for await (const { id, vector, payload } of client.scrollAll(collection, {
    filter,
    after,
    with_vector,
    with_payload: true,
    limit: Math.min(PAGE, limit),
  })) {
    yield lineOf({ id, vector, payload });
    told += 1;
    if (told >= limit) return;
  }
}

function lineOf({
  id,
  vector,
  payload,
}: Pick<Point, 'id'> & { vector: Point['vector']; payload: Point['payload'] }): object {
  return { id, vector, ...(payload !== null && { payload }) };
}
