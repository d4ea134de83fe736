import { LmdbStore } from './lmdb-store.ts';

/** Reads all of a store and changes it, in a process of its own, which damage in it may end. */
const AT_ONCE = 256;
/** Behind all others. */
const KEY = Buffer.alloc(8, 0xff);
const VALUE_BYTES = 64 * 1024;

const [, , path = ''] = process.argv;
const store = LmdbStore.open(path);
let start = Buffer.of(0);
for (;;) {
  const last = store.range({ start, end: KEY, limit: AT_ONCE }).at(-1);
  if (last === undefined) break;
  start = Buffer.concat([last.key, Buffer.of(0)]);
}
await store.commit([{ key: KEY, value: Buffer.alloc(VALUE_BYTES) }]);
await store.commit([{ key: KEY, value: undefined }]);
await store.close();
