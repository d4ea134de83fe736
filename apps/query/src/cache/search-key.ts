import { createHash } from 'node:crypto';
import { bytesOfFloat32, type CollectionRecord, type SearchSpec } from '@vectorizer/contracts';

/** Changes with what a digest is made of, so that two releases never take each other's answers. */
const FORM = 1;

/**
 * Names a search by everything that its answer depends on but the state that is searched: the life of the collection, its
 * declared payload indexes, which warnings depend on, and every field of the search, so that one that is added later cannot
 * be forgotten here.
 */
export function searchKey(record: CollectionRecord, { vector, ...others }: SearchSpec): string {
  const asked = { ...others, exact: others.exact === true };
  const text = canonical([FORM, record.uid, record.payload_indexes, asked]);
  // The text holds no NUL, so where it ends is certain.
  return createHash('sha256').update(text).update('\0').update(bytesOfFloat32(vector)).digest('base64url');
}

/** JSON with sorted keys and without what is undefined: the same text for the same value, however it was made. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  const sorted = fields.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(',')}}`;
}
