import { PayloadKey } from '@vectorizer/contracts';
import { queries } from '../../requests.ts';
import { byCall, byName, type Given, type Operations } from '../operation.ts';

const C = '/api/v1/collections';
const config = {
  dimension: 3,
  metric: 'cosine',
  kind: 'cpu',
  hnsw: { m: 16, ef_construction: 200, ef_search: 64 },
  shards: 1,
  replication_factor: 1,
};
const books = {
  name: 'books',
  uid: 'abcdefghijklmnop',
  created_at: '2026-11-27T08:00:00.000Z',
  config,
  payload_indexes: [{ key: 'year', type: 'integer' }],
  cache: true,
};
const alias = {
  alias: 'current',
  collection: 'books',
  uid: 'abcdefghijklmnop',
  created_at: '2026-11-27T08:00:00.000Z',
};
const aliasGiven = (description: string): Given => ({ description, json: 'Alias', example: alias });

export const collectionOperations: Operations = {
  [`GET ${C}`]: {
    id: 'listCollections',
    tag: 'Collections',
    summary: 'List the collections within the scope of the key',
    query: queries.none,
    answers: { 200: { description: 'By name', json: 'Collections', example: { collections: [books] } } },
  },
  [`POST ${C}`]: {
    id: 'createCollection',
    tag: 'Collections',
    summary: 'Create a collection',
    description:
      'It takes writes and searches when this is answered. All but `cache` and the payload indexes is for life.',
    query: queries.timed,
    body: {
      schema: 'NewCollection',
      example: { name: 'books', dimension: 3, payload_indexes: [{ key: 'year', type: 'integer' }] },
    },
    answers: { 201: { description: 'Created', json: 'Collection', headers: ['Location'], example: books } },
    fails: [...byName, ...byCall, 'collection_already_exists', 'index_unavailable'],
  },
  [`GET ${C}/:collection`]: {
    id: 'getCollection',
    tag: 'Collections',
    summary: 'Show a collection and the state of each of its replicas',
    query: queries.timed,
    answers: { 200: { description: 'As the index nodes tell it', json: 'CollectionState' } },
    fails: [...byName, ...byCall],
  },
  [`PATCH ${C}/:collection`]: {
    id: 'updateCollection',
    tag: 'Collections',
    summary: 'Say whether its searches may be answered from the cache',
    query: queries.none,
    body: { schema: 'CollectionChange', example: { cache: false } },
    answers: { 200: { description: 'As it is now', json: 'Collection', example: { ...books, cache: false } } },
    fails: [...byName],
  },
  [`DELETE ${C}/:collection`]: {
    id: 'deleteCollection',
    tag: 'Collections',
    summary: 'Drop a collection, its points and its aliases',
    description: 'By its own name only. Its snapshots stay.',
    query: queries.none,
    answers: {
      200: {
        description: 'It is gone',
        json: 'CollectionDropped',
        example: { name: 'books', uid: 'abcdefghijklmnop', status: 'deleted' },
      },
    },
    fails: [...byName],
  },
  [`GET ${C}/:collection/payload-indexes`]: {
    id: 'listPayloadIndexes',
    tag: 'Collections',
    summary: 'List the payload indexes and how far they are built',
    query: queries.timed,
    answers: {
      200: {
        description: 'As far as every replica has got with them',
        json: 'PayloadIndexes',
        example: { payload_indexes: [{ key: 'year', type: 'integer', state: 'ready', points: 12 }] },
      },
    },
    fails: [...byName, ...byCall],
  },
  [`PUT ${C}/:collection/payload-indexes/:key`]: {
    id: 'putPayloadIndex',
    tag: 'Collections',
    path: { key: PayloadKey },
    summary: 'Declare a payload index, in the place of one of another type on that key',
    query: queries.none,
    body: { schema: 'PayloadIndexDeclaration', example: { type: 'integer' } },
    answers: { 200: { description: 'Declared', json: 'PayloadIndex', example: { key: 'year', type: 'integer' } } },
    fails: [...byName],
  },
  [`DELETE ${C}/:collection/payload-indexes/:key`]: {
    id: 'deletePayloadIndex',
    tag: 'Collections',
    path: { key: PayloadKey },
    summary: 'Drop a payload index',
    query: queries.none,
    answers: {
      200: { description: 'Dropped', json: 'PayloadIndexDropped', example: { key: 'year', status: 'deleted' } },
    },
    fails: [...byName, 'not_found'],
  },
  'GET /api/v1/aliases': {
    id: 'listAliases',
    tag: 'Collections',
    summary: 'List the aliases of collections within the scope of the key',
    query: queries.none,
    answers: { 200: { description: 'By name', json: 'Aliases', example: { aliases: [alias] } } },
  },
  'GET /api/v1/aliases/:alias': {
    id: 'getAlias',
    tag: 'Collections',
    summary: 'Show what an alias stands for',
    query: queries.none,
    answers: { 200: aliasGiven('As it is now') },
    fails: ['not_found', 'log_unavailable'],
  },
  'PUT /api/v1/aliases/:alias': {
    id: 'putAlias',
    tag: 'Collections',
    summary: 'Have a name stand for a collection',
    description: 'In one step: each request goes to the one or the other collection, whole.',
    query: queries.none,
    body: { schema: 'AliasTarget', example: { collection: 'books' } },
    answers: { 200: aliasGiven('It stood for another until now'), 201: aliasGiven('It is new') },
    fails: [...byName, 'collection_already_exists'],
  },
  'DELETE /api/v1/aliases/:alias': {
    id: 'deleteAlias',
    tag: 'Collections',
    summary: 'Remove an alias',
    query: queries.none,
    answers: {
      200: { description: 'It is gone', json: 'AliasDeleted', example: { alias: 'current', status: 'deleted' } },
    },
    fails: ['not_found', 'log_unavailable'],
  },
};
