import type { Command } from 'commander';
import { VectorizerClient, VectorizerError, type SearchInput } from '@vectorizer/client';
import { processTerminal, type Terminal } from '@vectorizer/command-line';
import { addServerFlags, serverOf, type ServerFlags } from './flags.ts';
import { embed, SAMPLE_DIMENSION, sampleWorks } from './sample.ts';
import { table } from '@vectorizer/command-line';

const COLLECTION = 'demo';
const HITS = 5;

type Shown = { readonly query: string; readonly filter?: NonNullable<SearchInput['filter']>; readonly said?: string };

const searches: readonly Shown[] = [
  { query: 'a robot that is lonely in space' },
  { query: 'murder and a detective in an old city by the sea' },
  {
    query: 'love in a great city',
    filter: {
      must: [
        { key: 'medium', match: { value: 'film' } },
        { key: 'year', range: { gte: 1990 } },
      ],
    },
    said: 'films since 1990 only',
  },
];

export type DemoOptions = { readonly url: string; readonly apiKey?: string };

export function registerDemo(program: Command): void {
  const command = program.command('demo').description('load a small sample into the collection `demo` and search it');
  addServerFlags(command).action(async (flags: ServerFlags) => {
    await demo(await serverOf(flags), processTerminal);
  });
}

/** Makes the collection anew, fills it, and shows three searches. */
export async function demo(server: DemoOptions, terminal: Terminal): Promise<void> {
  await using client = new VectorizerClient({ ...server, connections: 1 });
  await client.deleteCollection(COLLECTION).catch((error: unknown) => {
    if (!(error instanceof VectorizerError) || error.type !== 'collection_not_found') throw error;
  });
  await client.createCollection({ name: COLLECTION, dimension: SAMPLE_DIMENSION, metric: 'cosine' });
  const works = sampleWorks();
  const points = works.map(({ id, text, payload }) => ({ id, vector: embed(text), payload }));
  const { succeeded } = await client.upsert(COLLECTION, points);
  terminal.out(`loaded ${succeeded} books and films into the collection ${COLLECTION}`);
  for (const { query, filter, said } of searches) {
    const asked = { vector: embed(query), k: HITS, ...(filter !== undefined && { filter }) };
    const start = performance.now();
    const { hits } = await client.search(COLLECTION, asked);
    const took = performance.now() - start;
    terminal.out('');
    terminal.out(`“${query}”${said === undefined ? '' : `, ${said}`} (${took.toFixed(1)} ms)`);
    const rows = hits.map(({ score, payload }) => [
      score.toFixed(3),
      ...['title', 'medium', 'genre', 'year'].map((key) => cell(payload?.[key])),
    ]);
    const columns = [
      { title: 'score', right: true },
      ...['title', 'medium', 'genre', 'year'].map((title) => ({ title })),
    ];
    for (const line of table(columns, rows)) terminal.out(`  ${line}`);
  }
  terminal.out('');
  terminal.out(`It stays: curl -s ${server.url}/api/v1/collections/${COLLECTION}`);
}

function cell(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
