import { VectorizerError, type Collection, type NewCollectionInput, type VectorizerClient } from '@vectorizer/client';
import { Failure } from '@vectorizer/errors';
import { patiently, type PatienceOptions } from './patience.ts';

/** The collection, or undefined when there is none of the name. */
export async function findCollection(
  client: VectorizerClient,
  name: string,
  patience: PatienceOptions,
): Promise<Collection | undefined> {
  return patiently(patience, async () => {
    try {
      return await client.getCollection(name);
    } catch (error) {
      if (isOfType(error, 'collection_not_found')) return undefined;
      throw error;
    }
  });
}

/** Creates the collection; when somebody else did so meanwhile, theirs will do. */
export async function createCollection(
  client: VectorizerClient,
  wanted: NewCollectionInput,
  patience: PatienceOptions,
): Promise<Collection> {
  return patiently(patience, async () => {
    try {
      return await client.createCollection(wanted);
    } catch (error) {
      if (isOfType(error, 'collection_already_exists')) return client.getCollection(wanted.name);
      throw error;
    }
  });
}

/** Throws when the collection is another than what is to be loaded needs. */
export function checkAgrees({ name, config }: Collection, wanted: Omit<NewCollectionInput, 'name'>): void {
  const differences = (['dimension', 'metric', 'kind'] as const).flatMap((key) =>
    wanted[key] === undefined || wanted[key] === config[key] ? [] : [`${key} is ${config[key]}, not ${wanted[key]}`],
  );
  if (differences.length === 0) return;
  throw new Failure('validation_error', `collection ${name}: its ${differences.join('; its ')}`);
}

function isOfType(error: unknown, type: string): boolean {
  return error instanceof VectorizerError && error.type === type;
}
