import { C, describeRefusals, type Case } from './refusals.ts';

const name = (collection: unknown): Case => ({
  name: `the name ${JSON.stringify(collection)}`,
  route: `POST ${C}`,
  body: { name: collection, dimension: 2 },
  answer: '400 validation_error',
  message: 'name: ',
});
const field = (path: string, body: object): Case => ({
  name: `a bad ${path}`,
  route: `POST ${C}`,
  body: { name: 'fresh', dimension: 2, ...body },
  answer: '400 validation_error',
  message: `${path}: `,
});
const declaring = (what: string, key: string, more: Partial<Case>): Case => ({
  name: what,
  route: `PUT ${C}/books/payload-indexes/${key}`,
  answer: '400 validation_error',
  message: '',
  ...more,
});

describeRefusals('a bad collection', [
  declaring('an index of an unknown type', 'a', { body: { type: 'text' }, message: 'type: ' }),
  declaring('an index without a type', 'a', { body: {}, message: 'type: ' }),
  declaring('an index with another field', 'a', { body: { type: 'geo', key: 'b' }, message: 'key: unknown field' }),
  declaring('an index on a key that is too long', 'k'.repeat(257), { body: { type: 'geo' }, message: 'key: ' }),
  declaring('an index of no collection', 'a', {
    route: `PUT ${C}/nothing/payload-indexes/a`,
    body: { type: 'geo' },
    answer: '404 collection_not_found',
    message: 'nothing',
  }),
  declaring('one index too many', 'b', {
    route: `PUT ${C}/many/payload-indexes/b`,
    body: { type: 'geo' },
    message: 'key: a collection has at most 32',
  }),
  declaring('the removal of an index that is not there', 'a', {
    route: `DELETE ${C}/books/payload-indexes/a`,
    answer: '404 not_found',
    message: 'no payload index',
  }),
  field('payload_indexes', { payload_indexes: Array.from({ length: 33 }, (_, i) => ({ key: `k${i}`, type: 'geo' })) }),
  field('payload_indexes', {
    payload_indexes: [
      { key: 'a', type: 'geo' },
      { key: 'a', type: 'bool' },
    ],
  }),
  field('payload_indexes[0].type', { payload_indexes: [{ key: 'a', type: 'text' }] }),
  ...['', '.', '-a', '_a', 'a b', 'a/b', 'a.b', 'ä', 'x'.repeat(64), 7, null, undefined].map(name),
  field('dimension', { dimension: 0 }),
  field('dimension', { dimension: 65_537 }),
  field('dimension', { dimension: 1.5 }),
  field('dimension', { dimension: '2' }),
  field('metric', { metric: 'manhattan' }),
  field('metric', { metric: 'Cosine' }),
  field('kind', { kind: 'abacus' }),
  field('hnsw.m', { hnsw: { m: 1 } }),
  field('hnsw.ef', { hnsw: { ef: 3 } }),
  field('shards', { shards: 0 }),
  field('shards', { shards: 17 }),
  field('replication_factor', { replication_factor: 2 }),
  field('quantization', { quantization: {} }),
  {
    name: 'a taken name',
    route: `POST ${C}`,
    body: { name: 'books', dimension: 2 },
    answer: '409 collection_already_exists',
    message: 'books',
  },
  {
    name: 'a collection that is not there',
    route: `POST ${C}/films/search`,
    body: { vector: [1, 0] },
    answer: '404 collection_not_found',
    message: 'films',
  },
  {
    name: 'a write to a collection that is not there',
    route: `PUT ${C}/films/vectors`,
    body: { points: [1] },
    answer: '404 collection_not_found',
    message: 'films',
  },
  {
    name: 'a drop of a collection that is not there',
    route: `DELETE ${C}/films`,
    answer: '404 collection_not_found',
    message: 'films',
  },
  {
    name: 'a collection whose name cannot be one',
    route: `GET ${C}/a.b`,
    answer: '400 validation_error',
    message: 'collection: ',
  },
  {
    name: 'a query parameter of the list',
    route: `GET ${C}?limit=3`,
    answer: '400 validation_error',
    message: 'query.limit: unknown field',
  },
  { name: 'an unknown route', route: 'GET /api/v2/collections', answer: '404 not_found', message: 'no such route' },
  { name: 'an empty segment', route: `POST ${C}//search`, body: {}, answer: '404 not_found', message: 'no such route' },
  {
    name: 'another method',
    route: `PUT ${C}/books`,
    body: {},
    answer: '405 method_not_allowed',
    message: 'PUT is not one of DELETE, GET, HEAD, PATCH',
  },
]);
