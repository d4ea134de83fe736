import { CollectionRecord } from '@vectorizer/contracts';

/** As the catalog has one, of one shard on one node but for what is said otherwise. */
export function collectionRecord(more: object = {}): CollectionRecord {
  return CollectionRecord.parse({
    v: 1,
    name: 'books',
    uid: '0123456789abcdef',
    created_at: '2026-01-01T00:00:00.000Z',
    config: { dimension: 2 },
    placement: [['a']],
    ...more,
  });
}
