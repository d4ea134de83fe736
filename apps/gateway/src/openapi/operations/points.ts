import { OperationId, queries } from '../../requests.ts';
import { byCall, byName, byRead, byWrite, type Given, type Operation, type Operations } from '../operation.ts';
import type { AnswerName } from '@vectorizer/contracts';

const C = '/api/v1/collections/:collection';
const V = `${C}/vectors`;

const dune = { id: 'dune', version: 7, payload: { year: 1965 }, vector: [0.1, 0.9, 0.2] };
const newDune = { id: 'dune', vector: [0.1, 0.9, 0.2], payload: { year: 1965 } };
const batch = {
  total: 2,
  succeeded: 1,
  failed: 1,
  sequences: [7],
  results: [
    { index: 0, id: 'dune', status: 'created', version: 7 },
    {
      index: 1,
      id: 'solaris',
      status: 'rejected',
      error: {
        type: 'dimension_mismatch',
        message: 'points[1].vector: expected 3 components, got 2',
        details: { field: 'points[1].vector', expected: 3, actual: 2 },
      },
    },
  ],
};
const written = { id: 'dune', status: 'updated', version: 8, sequences: [8] };

function writing(
  json: AnswerName,
  example: unknown,
  more: Pick<Operation, 'id' | 'summary' | 'description' | 'body' | 'query'> & { fails?: Operation['fails'] },
): Operation {
  const given = (description: string): Given => ({
    description,
    json,
    headers: ['X-Vectorizer-Token', 'Idempotency-Key'],
    example,
  });
  return {
    tag: 'Points',
    query: queries.write,
    headers: ['Idempotency-Key', 'X-Vectorizer-Token'],
    ...more,
    answers: { 200: given('Applied'), 202: given('With `wait=logged`: in the log, and not known to be applied') },
    fails: [...byWrite, ...(more.fails ?? [])],
  };
}

function reading(
  json: AnswerName,
  example: unknown,
  more: Pick<Operation, 'id' | 'summary' | 'description' | 'body' | 'query' | 'fails'>,
): Operation {
  return {
    tag: 'Points',
    query: queries.none,
    headers: ['X-Vectorizer-Token'],
    ...more,
    answers: { 200: { description: 'Found', json, headers: ['X-Vectorizer-Token'], example } },
    fails: [...byRead, ...(more.fails ?? [])],
  };
}

const following = {
  tag: 'Changes',
  headers: ['Last-Event-ID'],
  answers: {
    200: {
      description: 'Without end. A last `error` says why it ends',
      events: {
        position: 'StreamPosition',
        points: 'StreamPoints',
        'caught-up': 'StreamPosition',
        members: 'StreamMembers',
        change: 'StreamChange',
        error: 'Error',
      },
    },
  },
  fails: [...byName, 'dimension_mismatch', 'invalid_token', 'token_ahead', 'changes_gone', 'overloaded'],
} as const satisfies Partial<Operation>;

export const pointOperations: Operations = {
  [`PUT ${V}`]: writing('BatchResult', batch, {
    id: 'upsertPoints',
    summary: 'Write points, replacing those of the same ids',
    body: { schema: 'UpsertBatch', example: { points: [newDune] } },
  }),
  [`POST ${V}`]: writing('BatchResult', batch, {
    id: 'insertPoints',
    summary: 'Write points whose ids are new',
    body: { schema: 'InsertBatch', example: { points: [newDune] } },
  }),
  [`POST ${V}/batch`]: writing('BatchResult', batch, {
    id: 'writeBatch',
    summary: 'Do mixed operations, in order',
    body: {
      schema: 'MixedBatch',
      example: {
        operations: [
          { op: 'upsert', ...newDune },
          { op: 'payload_merge', id: 'dune', payload: { read: true } },
          { op: 'delete', id: 'solaris' },
        ],
      },
    },
  }),
  [`POST ${V}/delete`]: writing(
    'DeleteResult',
    { status: 'deleted', deleted: 12, sequences: [9] },
    {
      id: 'deletePoints',
      summary: 'Delete points by their ids, or all that a filter matches',
      body: { schema: 'Delete', example: { filter: { must: [{ key: 'year', range: { lt: 1900 } }] } } },
    },
  ),
  [`PUT ${V}/:id`]: writing('WriteResult', written, {
    id: 'updatePoint',
    summary: 'Update a point in one step: what is absent is kept',
    body: { schema: 'PointUpdate', example: { payload: { year: 1965 }, if_version: 7 } },
    fails: ['dimension_mismatch', 'vector_not_found', 'version_conflict'],
  }),
  [`PATCH ${V}/:id`]: writing('WriteResult', written, {
    id: 'patchPayload',
    summary: 'Change the payload of a point alone',
    body: { schema: 'PayloadPatch', example: { merge: { read: true } } },
    fails: ['vector_not_found', 'version_conflict'],
  }),
  [`DELETE ${V}/:id`]: writing(
    'WriteResult',
    { id: 'dune', status: 'deleted', sequences: [9] },
    {
      id: 'deletePoint',
      summary: 'Delete a point',
      query: queries.delete,
      fails: ['vector_not_found', 'version_conflict'],
    },
  ),
  [`GET ${V}/:id`]: reading('Point', dune, {
    id: 'getPoint',
    summary: 'Get a point',
    query: queries.read,
    fails: ['vector_not_found'],
  }),
  [`POST ${V}/get`]: reading(
    'PointsFound',
    { points: [dune], missing: ['solaris'] },
    {
      id: 'getPoints',
      summary: 'Get points by their ids',
      body: { schema: 'GetPoints', example: { ids: ['dune', 'solaris'] } },
    },
  ),
  [`POST ${V}/scroll`]: reading(
    'PointsPage',
    { points: [dune], next: 'dune' },
    {
      id: 'scrollPoints',
      summary: 'Go through the points in the order of their ids',
      body: { schema: 'ScrollPoints', optional: true, example: { limit: 100, after: 'dune' } },
    },
  ),
  [`POST ${V}/count`]: reading(
    'PointCount',
    { count: 12 },
    {
      id: 'countPoints',
      summary: 'Count the points that a filter matches, or all',
      body: {
        schema: 'CountPoints',
        optional: true,
        example: { filter: { must: [{ key: 'year', range: { gte: 1900 } }] } },
      },
    },
  ),
  'GET /api/v1/operations/:id': {
    id: 'getOperation',
    tag: 'Points',
    summary: 'Ask what became of a write by its idempotency key',
    path: { id: OperationId },
    query: queries.operation,
    answers: {
      200: {
        description: 'As far as replicas and logs tell',
        json: 'OperationState',
        example: {
          id: 'import-7',
          collection: 'books',
          status: 'applied',
          entries: [
            { part: 0, shard: 0, sequence: 7, status: 'applied', outcomes: [{ status: 'created', version: 7 }] },
          ],
        },
      },
    },
    fails: [...byName, ...byCall, 'index_unavailable', 'replica_diverged', 'storage_error'],
  },
  [`GET ${C}/changes`]: {
    id: 'followChanges',
    summary: 'Follow what happens to the points, as server-sent events',
    description:
      '`from`: `now`; `start`, for the points that are there first; the `sequences` of an answer with commas between them; a token; or the id of an event. ' +
      '`filter` is a filter as JSON text. The id of each event is a position that can be gone on from. With `near` the events are those of the same request by POST.',
    query: queries.changes,
    ...following,
  },
  [`POST ${C}/changes`]: {
    id: 'followNear',
    summary: 'Follow which points are near a vector, or all changes, as server-sent events',
    description:
      'The same as by GET, for what is too long for a query. With `near`: `members` are near, and of each entry `change` says who comes, changes and goes.',
    body: { schema: 'FollowChanges', example: { near: { vector: [0.1, 0.9, 0.2], k: 3 } } },
    ...following,
  },
};
