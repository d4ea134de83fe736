import { queries } from '../../requests.ts';
import { byCall, byName, type Operations } from '../operation.ts';

const S = '/api/v1/collections/:collection/snapshots';

export const snapshotOperations: Operations = {
  [`GET ${S}`]: {
    id: 'listSnapshots',
    tag: 'Snapshots',
    summary: 'List the snapshots of a collection, also of one that was dropped',
    query: queries.none,
    answers: { 200: { description: 'Newest first', json: 'Snapshots' } },
  },
  [`POST ${S}`]: {
    id: 'createSnapshot',
    tag: 'Snapshots',
    summary: 'Begin to take a snapshot',
    query: queries.none,
    answers: {
      202: { description: '`running`; `Location` tells how far it is', json: 'Snapshot', headers: ['Location'] },
    },
    fails: [...byName, ...byCall, 'index_unavailable'],
  },
  [`POST ${S}/upload`]: {
    id: 'uploadSnapshot',
    tag: 'Snapshots',
    summary: 'Take a downloaded snapshot back, of this cluster or another',
    query: queries.none,
    body: { type: 'application/x-tar', description: 'What a download gave; it may be sent in chunks' },
    answers: {
      201: { description: 'All of it is stored, under an id of its own', json: 'Snapshot', headers: ['Location'] },
    },
    fails: [...byCall, 'request_timeout', 'log_unavailable', 'version_conflict'],
  },
  [`GET ${S}/:snapshot`]: {
    id: 'getSnapshot',
    tag: 'Snapshots',
    summary: 'Show a snapshot, and how far it and its newest restore are',
    query: queries.none,
    answers: { 200: { description: 'As it is now', json: 'Snapshot' } },
    fails: ['not_found', 'log_unavailable', 'version_conflict'],
  },
  [`DELETE ${S}/:snapshot`]: {
    id: 'deleteSnapshot',
    tag: 'Snapshots',
    summary: 'Remove a snapshot',
    query: queries.none,
    answers: {
      200: {
        description: 'It is gone',
        json: 'SnapshotDeleted',
        example: { id: 'abcdefghijklmnop', status: 'deleted' },
      },
    },
    fails: ['not_found', 'log_unavailable', 'version_conflict'],
  },
  [`GET ${S}/:snapshot/download`]: {
    id: 'downloadSnapshot',
    tag: 'Snapshots',
    summary: 'Download a snapshot',
    query: queries.none,
    answers: {
      200: {
        description: 'A tar archive: `manifest.json`, then the files of every shard',
        type: 'application/x-tar',
        headers: ['Content-Disposition'],
      },
    },
    fails: ['not_found', 'log_unavailable', 'version_conflict', 'storage_error'],
  },
  [`POST ${S}/:snapshot/restore`]: {
    id: 'restoreSnapshot',
    tag: 'Snapshots',
    summary: 'Begin to restore a snapshot into a collection',
    query: queries.none,
    body: { schema: 'RestoreRequest', optional: true, example: { name: 'books-yesterday' } },
    answers: { 202: { description: 'Begun; `restore` tells how far it is', json: 'Snapshot' } },
    fails: [
      ...byName,
      ...byCall,
      'not_found',
      'collection_already_exists',
      'version_conflict',
      'index_unavailable',
      'storage_error',
    ],
  },
};
