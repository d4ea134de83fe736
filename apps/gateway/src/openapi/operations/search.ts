import type { AnswerName } from '@vectorizer/contracts';
import { queries } from '../../requests.ts';
import { byRead, type Operation, type Operations } from '../operation.ts';

const S = '/api/v1/collections/:collection/search';
const hit = { id: 'dune', score: 0.93, version: 7, payload: { year: 1965 } };
const result = { hits: [hit] };

function searching(
  json: AnswerName,
  example: unknown,
  more: Pick<Operation, 'id' | 'summary' | 'description' | 'body'> & { fails?: Operation['fails'] },
): Operation {
  return {
    tag: 'Search',
    query: queries.none,
    headers: ['X-Vectorizer-Token', 'Cache-Control'],
    ...more,
    answers: {
      200: {
        description: 'The best hits, best first',
        json,
        headers: ['X-Vectorizer-Token', 'X-Cache', 'Age', 'X-Cache-Age-Ms', 'Server-Timing'],
        example,
      },
    },
    fails: [...byRead, 'dimension_mismatch', ...(more.fails ?? [])],
  };
}

export const searchOperations: Operations = {
  [`POST ${S}`]: searching('SearchResult', result, {
    id: 'search',
    summary: 'Find the points nearest to a vector',
    body: {
      schema: 'Search',
      example: { vector: [0.1, 0.9, 0.2], k: 10, filter: { must: [{ key: 'year', range: { gte: 1960 } }] } },
    },
  }),
  [`POST ${S}/batch`]: searching(
    'SearchBatchResult',
    { results: [result] },
    {
      id: 'searchBatch',
      summary: 'Make several searches at once',
      body: { schema: 'SearchBatch', example: { searches: [{ vector: [0.1, 0.9, 0.2], k: 3 }] } },
    },
  ),
  [`POST ${S}/recommend`]: searching('SearchResult', result, {
    id: 'recommend',
    summary: 'Find what is like some examples and unlike others',
    body: { schema: 'Recommend', example: { positive: ['dune'], negative: [[0.9, 0.1, 0]] } },
    fails: ['vector_not_found'],
  }),
  'POST /api/v1/search': searching(
    'SearchManyResult',
    {
      hits: [{ collection: 'books', ...hit }],
      collections: [{ collection: 'books', sequences: [7], cache: { status: 'miss' } }],
    },
    {
      id: 'searchCollections',
      summary: 'Find the points nearest to a vector in several collections',
      description: 'The collections have one metric and one dimension.',
      body: { schema: 'SearchMany', example: { collections: ['books', 'films'], vector: [0.1, 0.9, 0.2] } },
    },
  ),
};
