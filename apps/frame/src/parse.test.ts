import { describe, expect, it } from '@jest/globals';
import {
  BatchOperation,
  DeleteBody,
  NewCollection,
  PatchBody,
  PointBody,
  SearchBody,
  UpdateBody,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { z } from 'zod';
import { parse } from './parse.ts';

function problem(schema: z.ZodType, input: unknown, where?: string): string {
  try {
    parse(schema, input, where);
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.type === 'validation_error') return thrown.message;
  }
  return 'accepted';
}

describe('parse', () => {
  it.each<{ name: string; schema: z.ZodType; input: unknown; where?: string; message: string }>([
    {
      name: 'a component',
      schema: PointBody,
      input: { id: 'a', vector: [1, null] },
      where: 'points[3]',
      message: 'points[3].vector: component 1: expected a number',
    },
    {
      name: 'a non-finite float',
      schema: PointBody,
      input: { id: 'a', vector: [1e39] },
      where: 'points[0]',
      message: 'points[0].vector: component 0: expected a finite float32',
    },
    {
      name: 'an unknown field',
      schema: PointBody,
      input: { id: 'a', vector: [1], colour: 1 },
      where: 'points[0]',
      message: 'points[0].colour: unknown field',
    },
    {
      name: 'a missing id',
      schema: PointBody,
      input: { vector: [1] },
      where: 'points[0]',
      message: 'points[0].id: expected string, received undefined',
    },
    {
      name: 'an item that is no object',
      schema: PointBody,
      input: 7,
      where: 'points[0]',
      message: 'points[0]: expected object, received number',
    },
    {
      name: 'a body that is absent',
      schema: SearchBody,
      input: undefined,
      message: 'body: expected object, received undefined',
    },
    {
      name: 'k = 0',
      schema: SearchBody,
      input: { vector: [1], k: 0 },
      message: 'k: Too small: expected number to be >=1',
    },
    {
      name: 'an unknown metric',
      schema: NewCollection,
      input: { name: 'a', dimension: 2, metric: 'manhattan' },
      message: 'metric: expected one of "cosine"|"dot"|"euclidean"',
    },
    {
      name: 'a nested unknown field',
      schema: NewCollection,
      input: { name: 'a', dimension: 2, hnsw: { q: 1 } },
      message: 'hnsw.q: unknown field',
    },
    {
      name: 'an unknown operation',
      schema: BatchOperation,
      input: { op: 'drop', id: 'a' },
      where: 'operations[2]',
      message: 'operations[2].op: ',
    },
    {
      name: 'an update of nothing',
      schema: UpdateBody,
      input: {},
      message: 'body: expected a vector, a payload, or both',
    },
    {
      name: 'a patch of two kinds',
      schema: PatchBody,
      input: { merge: {}, replace: {} },
      message: 'body: expected exactly one of merge',
    },
    {
      name: 'a patch that is no object',
      schema: PatchBody,
      input: { merge: 3 },
      message: 'merge: expected a JSON object',
    },
    { name: 'an empty list of ids', schema: DeleteBody, input: { ids: [] }, message: 'ids: must not be empty' },
    {
      name: 'a bound of a wrong type',
      schema: SearchBody,
      input: { vector: [1], filter: { must: [{ key: 'a', range: { gte: true } }] } },
      message: 'filter.must[0].range.gte: ',
    },
    {
      name: 'a match of a wrong type',
      schema: SearchBody,
      input: { vector: [1], filter: { must: [{ key: 'a', match: { value: {} } }] } },
      message: 'filter.must[0].match.value: ',
    },
    {
      name: 'an unknown condition',
      schema: SearchBody,
      input: { vector: [1], filter: { must: [{ key: 'a', like: 'b' }] } },
      message: 'filter.must[0]',
    },
    {
      name: 'an unknown clause',
      schema: SearchBody,
      input: { vector: [1], filter: { all: [] } },
      message: 'filter.all: unknown field',
    },
  ])('names the place of $name', ({ schema, input, where, message }) => {
    expect(problem(schema, input, where)).toContain(message);
    expect(problem(schema, input, where).startsWith(message.split(':', 1)[0] ?? '')).toBe(true);
  });

  it('keeps payload keys that JavaScript gives a meaning', () => {
    const body: unknown = JSON.parse('{"id":"a","vector":[1],"payload":{"constructor":1,"prototype":2,"__proto__":3}}');
    expect(parse(PointBody, body).payload).toBe('{"constructor":1,"prototype":2,"__proto__":3}');
  });

  it('counts further problems and lists the first of them', () => {
    expect(problem(NewCollection, { name: '.', dimension: 0, metric: 3, kind: 4 })).toContain('(and 3 more)');
  });
});
