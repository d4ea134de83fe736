import { describe, expect, it } from '@jest/globals';
import { Fingerprint } from './fingerprint.ts';
import { packOutcomes, unpackOutcomes } from './outcome-runs.ts';
import { RequestTable, type Remembered } from './request-table.ts';

const request = (id: string, sequence: number): Remembered => ({
  id,
  sequence,
  fingerprint: Fingerprint.known('f'),
  runs: [[{ status: 'created', version: sequence }, 2]],
});

describe('the request table', () => {
  it('answers what a request came to, and whether this was a replay', () => {
    const table = new RequestTable();
    table.remember(request('a', 3));
    const outcomes = [
      { status: 'created', version: 3 },
      { status: 'created', version: 3 },
    ];
    expect(table.outcome('a')).toEqual({ request_id: 'a', sequence: 3, replayed: false, outcomes });
    expect(table.outcome('a', 7)).toEqual({ request_id: 'a', sequence: 3, replayed: true, outcomes });
    expect(table.outcome('b')).toBeUndefined();
  });

  it('tells a refused reuse from the request that first had the id', () => {
    const table = new RequestTable();
    table.remember(request('a', 3));
    table.remember({ ...request('a', 5), runs: [[{ status: 'idempotency_key_reused' }, 1]], reused: true });
    expect(table.outcome('a', 5)?.outcomes).toEqual([{ status: 'idempotency_key_reused' }]);
    expect(table.outcome('a', 3)?.outcomes).toHaveLength(2);
    expect(table.find('a')?.sequence).toBe(3);
  });

  it('forgets the oldest first', () => {
    const table = new RequestTable(2);
    expect(table.remember(request('a', 1)).forgotten).toEqual([]);
    expect(table.remember(request('b', 2)).forgotten).toEqual([]);
    expect(table.remember(request('c', 3))).toEqual({ added: 2, forgotten: [0] });
    expect(table.find('a')).toBeUndefined();
    expect(table.find('b')?.sequence).toBe(2);
  });

  it('is bounded in outcomes too', () => {
    const table = new RequestTable();
    const varied = packOutcomes(
      Array.from({ length: 150_000 }, (_, version) => ({ status: 'updated', version }) as const),
    );
    table.remember({ ...request('a', 1), runs: varied });
    expect(table.remember({ ...request('b', 2), runs: varied }).forgotten).toEqual([0]);
  });
});

describe('packed outcomes', () => {
  it('come back as they were', () => {
    const outcomes = [
      { status: 'created', version: 1 },
      { status: 'created', version: 1 },
      { status: 'not_found' },
      { status: 'created', version: 1 },
      { status: 'rejected', reason: 'x' },
    ] as const;
    expect(packOutcomes(outcomes)).toHaveLength(4);
    expect(unpackOutcomes(packOutcomes(outcomes))).toEqual(outcomes);
  });
});
