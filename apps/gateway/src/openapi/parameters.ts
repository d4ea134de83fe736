import { BackupId, CollectionName, KeyId, NodeId, parameterSchema, PointId, RoleName } from '@vectorizer/contracts';
import { z } from 'zod';
import { EventSequence } from '../requests.ts';
import type { Operation } from './operation.ts';

type Parameter = Readonly<Record<string, unknown>>;

/** What a name in a path stands for, where the operation does not say otherwise. */
const inPath: Readonly<Record<string, { readonly schema: z.ZodType; readonly description: string }>> = {
  collection: { schema: CollectionName, description: 'The name of a collection, or one of its aliases' },
  alias: { schema: CollectionName, description: 'The name of an alias' },
  id: { schema: PointId, description: 'The id' },
  snapshot: { schema: BackupId, description: 'The id of a snapshot' },
  sequence: { schema: EventSequence, description: 'The sequence of an event, or of a dead letter' },
  node: { schema: NodeId, description: 'The id of an index node' },
  shard: { schema: z.string().regex(/^\d{1,2}$/), description: 'The number of a shard' },
  key: { schema: KeyId, description: 'The id of a key, or the payload key of an index' },
  role: { schema: RoleName, description: 'The name of a role' },
};

/** In the path, the query, and headers. */
export function parametersOf(pattern: string, { path, query, headers = [] }: Operation): readonly Parameter[] {
  const names = [...pattern.matchAll(/:([a-z]+)/g)].map(([, name = '']) => name);
  return [
    ...names.map((name) => pathParameter(name, path?.[name])),
    ...Object.entries(query?.shape ?? {}).map(([name, schema]) => queryParameter(name, schema as z.ZodType)),
    ...['X-Correlation-ID', ...headers].map((name) => ({ $ref: `#/components/parameters/${name}` })),
  ];
}

function pathParameter(name: string, own: z.ZodType | undefined): Parameter {
  const known = inPath[name];
  if (known === undefined) throw new Error(`nothing is known of the parameter ${name}`);
  const { description = known.description, ...schema } = parameterSchema(own ?? known.schema);
  return { name, in: 'path', required: true, description, schema };
}

function queryParameter(name: string, given: z.ZodType): Parameter {
  const { description = meanings[name], ...schema } = parameterSchema(given);
  if (description === undefined) throw new Error(`nothing is said of the query parameter ${name}`);
  return { name, in: 'query', required: !given.safeParse(undefined).success, description, schema };
}

const meanings: Readonly<Record<string, string>> = {
  wait: 'Until where the write is carried before it is answered: in the log, applied by one replica of each shard, or by all',
  timeout_ms: 'How long the answer may take',
  if_version: 'Fails with `version_conflict` when the point has another version',
  with_payload: 'Whether payloads are answered',
  with_vector: 'Whether vectors are answered',
  consistency: 'What the answer must reflect',
  max_lag_ms: 'With `bounded`: everything that was acknowledged so long ago',
  from: 'Where to begin: for changes a position, for entries a time',
  to: 'The time where to end',
  filter: 'A filter as JSON text',
  near: 'A standing query as JSON text: a `vector`, and one of `radius`, `score_threshold`, `k`',
  collection: 'The name of a collection, or one of its aliases',
  min_ms: 'Only what took as long',
  limit: 'How many at most',
  order: 'Which come first',
  correlation_id: 'The `X-Correlation-ID` of the answer to the request',
  after: 'What comes after this one',
  before: 'The `next` of an answer: what is older',
  routable: 'Only those that may be read from, or only the others',
  actor: 'Who did it: `key`, `token` or `open` and an id',
  action: 'What was done, as the audit log calls it',
  target: 'What the path begins with',
  result: 'What came of it',
};
