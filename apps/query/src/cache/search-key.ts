import { hash } from 'node:crypto';
import { bytesOfFloat32, SearchSpec, type CollectionRecord } from '@vectorizer/contracts';

/** Changes with what a digest is made of, so that two releases never take each other's answers. */
const FORM = 2;
/** Most searches fit; used again for each, since a search may take less than a hundred microseconds. */
const SCRATCH = Buffer.allocUnsafe(16_384);
/** UTF-8 takes at most this many bytes for each unit of a string. */
const UTF8_BYTES_MAX = 3;

/** Saying these is as saying nothing. */
const DEFAULTS: Partial<SearchSpec> = { exact: false };
/** Every field but the vector, whose numbers are hashed as they are. */
const FIELDS = (Object.keys(SearchSpec.shape) as (keyof SearchSpec)[])
  .filter((name) => name !== 'vector')
  .map((name) => ({ name, label: `,"${name}":`, standard: DEFAULTS[name] }));

const prefixes = new WeakMap<CollectionRecord, string>();

/**
 * Names a search by everything that its answer depends on but the state that is searched: the life of the collection, its
 * declared payload indexes, which warnings depend on, and every field of the search, so that one that is added later cannot
 * be forgotten here.
 */
export function searchKey(record: CollectionRecord, spec: SearchSpec): string {
  let asked = '';
  for (const { name, label, standard } of FIELDS) {
    const field = spec[name];
    if (field !== undefined && field !== standard) asked += label + canonical(field);
  }
  // The text holds no NUL, so where it ends is certain.
  const text = `${prefixOf(record)}${asked}\0`;
  const numbers = bytesOfFloat32(spec.vector);
  const room = UTF8_BYTES_MAX * text.length + numbers.byteLength;
  const bytes = room <= SCRATCH.length ? SCRATCH : Buffer.allocUnsafe(room);
  const start = bytes.write(text);
  bytes.set(numbers, start);
  return hash('sha256', bytes.subarray(0, start + numbers.byteLength), 'base64url');
}

function prefixOf(record: CollectionRecord): string {
  const known = prefixes.get(record);
  if (known !== undefined) return known;
  const prefix = canonical([FORM, record.uid, record.payload_indexes]);
  prefixes.set(record, prefix);
  return prefix;
}

/** JSON with sorted keys and without what is undefined: the same text for the same value, however it was made. */
function canonical(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const fields = value as Readonly<Record<string, unknown>>;
  let text = '{';
  for (const name of Object.keys(fields).toSorted()) {
    const field = fields[name];
    if (field !== undefined) text += `${JSON.stringify(name)}:${canonical(field)},`;
  }
  return `${text}}`;
}
