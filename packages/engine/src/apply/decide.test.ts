import { describe, expect, it } from '@jest/globals';
import type { PointRecord } from '../state/record.ts';
import { decide, type PointOperation } from './decide.ts';

const rules = { dimension: 2, metric: 'cosine', sequence: 9 } as const;
const record: PointRecord = { version: 5, vectorVersion: 3, vector: Float32Array.of(1, 2), payload: '{"a":1,"b":2}' };
const same = Float32Array.of(1, 2);
const other = Float32Array.of(2, 1);
const on = (op: PointOperation, present: PointRecord | undefined = record): ReturnType<typeof decide> =>
  decide(present, op, rules);
const absent = (op: PointOperation): ReturnType<typeof decide> => decide(undefined, op, rules);

describe('an upsert', () => {
  it('creates an absent point, without a payload if it gives none', () => {
    const { next, outcome } = absent({ kind: 'upsert', id: 'x', vector: same });
    expect(outcome).toEqual({ status: 'created', version: 9 });
    expect(next).toEqual({ version: 9, vectorVersion: 9, vector: same, payload: null });
  });

  it('replaces the whole point', () => {
    const { next, outcome } = on({ kind: 'upsert', id: 'x', vector: other });
    expect(outcome).toEqual({ status: 'updated', version: 9 });
    expect(next).toEqual({ version: 9, vectorVersion: 9, vector: other, payload: null });
  });

  it('of what is there already changes the version and not the vector version', () => {
    const { next, outcome } = on({ kind: 'upsert', id: 'x', vector: same, payload: record.payload });
    expect(outcome).toEqual({ status: 'updated', version: 9 });
    expect(next).toEqual({ ...record, version: 9 });
  });

  it('treats 0 and -0 as different vectors, since their bits are stored', () => {
    const zero: PointRecord = { ...record, vector: Float32Array.of(0, 1) };
    expect(on({ kind: 'upsert', id: 'x', vector: Float32Array.of(-0, 1) }, zero).next?.vectorVersion).toBe(9);
  });
});

describe('if_version', () => {
  it.each(['upsert', 'update', 'payload_merge', 'payload_replace', 'payload_delete_keys', 'delete'] as const)(
    'refuses %s when the point has another version, and answers which',
    (kind) => {
      const op = { kind, id: 'x', vector: other, payload: '{}', keys: ['a'], if_version: 4 } as PointOperation;
      expect(on(op)).toEqual({ next: record, outcome: { status: 'version_conflict', version: 5 } });
      expect(on({ ...op, if_version: 5 } as PointOperation).outcome.status).not.toBe('version_conflict');
    },
  );

  it('of 0 lets an upsert only create', () => {
    expect(absent({ kind: 'upsert', id: 'x', vector: same, if_version: 0 }).outcome.status).toBe('created');
    expect(on({ kind: 'upsert', id: 'x', vector: same, if_version: 0 }).outcome.status).toBe('version_conflict');
    expect(absent({ kind: 'upsert', id: 'x', vector: same, if_version: 3 }).outcome).toEqual({
      status: 'version_conflict',
      version: 0,
    });
  });
});

describe('the other operations', () => {
  it('insert only an absent point', () => {
    expect(absent({ kind: 'insert', id: 'x', vector: same }).outcome.status).toBe('created');
    expect(on({ kind: 'insert', id: 'x', vector: other })).toEqual({
      next: record,
      outcome: { status: 'already_exists', version: 5 },
    });
  });

  it.each([
    { kind: 'update', id: 'x', vector: same, if_version: 7 },
    { kind: 'payload_merge', id: 'x', payload: '{}' },
    { kind: 'payload_replace', id: 'x', payload: '{}' },
    { kind: 'payload_delete_keys', id: 'x', keys: ['a'] },
    { kind: 'delete', id: 'x' },
  ] satisfies PointOperation[])('do not find an absent point: $kind', (op) => {
    expect(absent(op)).toEqual({ next: undefined, outcome: { status: 'not_found' } });
  });

  it('update what they name and keep the rest', () => {
    expect(on({ kind: 'update', id: 'x', vector: other }).next).toEqual({
      ...record,
      version: 9,
      vectorVersion: 9,
      vector: other,
    });
    expect(on({ kind: 'update', id: 'x', payload: '{"c":3}' }).next).toEqual({
      ...record,
      version: 9,
      payload: '{"c":3}',
    });
    expect(on({ kind: 'update', id: 'x', payload: null }).next).toEqual({ ...record, version: 9, payload: null });
  });

  it('change payloads', () => {
    expect(on({ kind: 'payload_merge', id: 'x', payload: '{"b":3,"c":null}' }).next?.payload).toBe(
      '{"a":1,"b":3,"c":null}',
    );
    expect(on({ kind: 'payload_replace', id: 'x', payload: '{}' }).next?.payload).toBe('{}');
    expect(on({ kind: 'payload_delete_keys', id: 'x', keys: ['a', 'z'] }).next?.payload).toBe('{"b":2}');
    expect(on({ kind: 'payload_merge', id: 'x', payload: '{"a":1}' }, { ...record, payload: null }).next?.payload).toBe(
      '{"a":1}',
    );
  });

  it('keep a key named __proto__ as data', () => {
    const hostile = '{"__proto__":{"admin":true}}';
    const merged = on({ kind: 'payload_merge', id: 'x', payload: hostile }).next;
    expect(merged?.payload).toBe('{"a":1,"b":2,"__proto__":{"admin":true}}');
    expect(on({ kind: 'payload_delete_keys', id: 'x', keys: ['a', 'b'] }, merged).next?.payload).toBe(hostile);
  });

  it.each([
    { kind: 'update', id: 'x' },
    { kind: 'payload_merge', id: 'x', payload: '{}' },
    { kind: 'payload_delete_keys', id: 'x', keys: ['z'] },
  ] satisfies PointOperation[])('that ask for nothing change nothing: $kind', (op) => {
    expect(on(op)).toEqual({ next: record, outcome: { status: 'unchanged', version: 5 } });
  });

  it('delete', () => {
    expect(on({ kind: 'delete', id: 'x' })).toEqual({ next: undefined, outcome: { status: 'deleted', version: 9 } });
  });
});

describe('what cannot be', () => {
  const large = JSON.stringify({ a: 'x'.repeat(65_536) });
  it.each([
    ['another dimension', { kind: 'upsert', id: 'x', vector: Float32Array.of(1) }],
    ['a zero vector under cosine', { kind: 'update', id: 'x', vector: Float32Array.of(0, -0) }],
    ['a payload that is too large', { kind: 'payload_replace', id: 'x', payload: large }],
    [
      'a merge that makes it too large',
      { kind: 'payload_merge', id: 'x', payload: JSON.stringify({ c: 'x'.repeat(65_525) }) },
    ],
  ] as [string, PointOperation][])('is rejected and changes nothing: %s', (_, op) => {
    const { next, outcome } = on(op);
    expect(outcome).toEqual({ status: 'rejected', reason: expect.any(String) });
    expect(next).toBe(record);
  });

  it('depends on the metric: other metrics take a zero vector', () => {
    const zero: PointOperation = { kind: 'upsert', id: 'x', vector: Float32Array.of(0, 0) };
    expect(decide(undefined, zero, { ...rules, metric: 'dot' }).outcome.status).toBe('created');
  });
});
