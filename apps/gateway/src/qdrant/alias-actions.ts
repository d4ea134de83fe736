import { z } from 'zod';
import { CollectionName, limits, type CollectionRecord } from '@vectorizer/contracts';
import { invalidField } from '@vectorizer/frame';
import type { Collections } from '../collections/collections.ts';

const Action = z.union(
  [
    z.strictObject({ create_alias: z.strictObject({ collection_name: CollectionName, alias_name: CollectionName }) }),
    z.strictObject({ delete_alias: z.strictObject({ alias_name: CollectionName }) }),
    z.strictObject({
      rename_alias: z.strictObject({ old_alias_name: CollectionName, new_alias_name: CollectionName }),
    }),
  ],
  { error: 'expected one of create_alias, delete_alias, rename_alias' },
);
export const AliasActions = z.strictObject({ actions: z.array(Action).max(limits.aliasActionsMax) });
type Action = z.output<typeof Action>;

/**
 * Does what a list of actions comes to: each alias is put or deleted once, so that one that is deleted and made again is
 * switched in one step. All are looked at before any is done; different aliases change one after the other.
 */
export async function changeAliases(actions: readonly Action[], collections: Collections): Promise<void> {
  const { aliases } = collections;
  const after = new Map<CollectionName, CollectionRecord | undefined>();
  const targetOf = async (alias: CollectionName): Promise<CollectionRecord> => {
    if (!after.has(alias)) return collections.get((await aliases.get(alias)).collection);
    const target = after.get(alias);
    if (target === undefined) throw invalidField('actions', `alias ${alias} is deleted before`);
    return target;
  };
  for (const action of actions) {
    if ('create_alias' in action) {
      const { alias_name, collection_name } = action.create_alias;
      after.set(alias_name, await collections.get(collection_name));
    } else if ('delete_alias' in action) {
      const { alias_name } = action.delete_alias;
      if (!after.has(alias_name)) await aliases.get(alias_name);
      after.set(alias_name, undefined);
    } else {
      const { old_alias_name, new_alias_name } = action.rename_alias;
      const target = await targetOf(old_alias_name);
      after.set(old_alias_name, undefined).set(new_alias_name, target);
    }
  }
  const made = [...after].flatMap(([alias, target]) => (target === undefined ? [] : [{ alias, target }]));
  for (const { alias, target } of made) await aliases.put(alias, target);
  for (const [alias, target] of after) if (target === undefined) await aliases.delete(alias);
}
