import { describe, expect, it } from '@jest/globals';
import { headers } from '@nats-io/transport-node';
import { ORIGIN_BYTES_MAX, originHeaders, originOf, type Writer } from './origin.ts';

const traceparentOf = (i: number): string => `00-${String(i).padStart(32, '0')}-${String(i).padStart(16, '0')}-01`;
const traced = (i: number): Writer => ({ correlationId: `traced-${i}`, traceparent: traceparentOf(i) });
const untraced = (i: number, length = 0): Writer => ({
  correlationId: `untraced-${i}`.padEnd(length, '.'),
  traceparent: undefined,
});
const many = <T>(count: number, of: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => of(i));
const bytesOf = (writers: readonly Writer[]): number =>
  originHeaders(writers)
    .keys()
    .reduce((sum, name) => sum + originHeaders(writers).get(name).length, 0);

describe('the origin of an entry', () => {
  it('comes back from its headers: each id with the trace that it belongs to', () => {
    const nameless: Writer = { correlationId: undefined, traceparent: traceparentOf(9) };
    for (const writers of [[traced(1)], [untraced(1)], [nameless], [traced(1), traced(2), nameless, untraced(3)]]) {
      expect(originOf(originHeaders(writers))).toEqual({ writers, more: 0 });
    }
    expect(originOf(originHeaders([]))).toEqual({ writers: [], more: 0 });
    expect(originOf(undefined)).toEqual({ writers: [], more: 0 });
  });

  it('names each request once, and each trace', () => {
    const again = { ...traced(1), traceparent: traceparentOf(2) };
    const nobody: Writer = { correlationId: undefined, traceparent: undefined };
    const writes = [untraced(1), traced(1), nobody, untraced(1), again, { ...traced(1), traceparent: undefined }];
    expect(originOf(originHeaders(writes)).writers).toEqual([traced(1), again, untraced(1)]);
  });

  it('is told within a bound, of those that are traced first, and how many are not told', () => {
    const writes = [...many(2_000, (i) => untraced(i, 36)), ...many(300, traced)];
    expect(bytesOf(writes)).toBeLessThan(ORIGIN_BYTES_MAX + 10);
    const { writers, more } = originOf(originHeaders(writes));
    expect(writers.slice(0, 300)).toEqual(many(300, traced));
    expect(writers.slice(300)).toEqual(many(writers.length - 300, (i) => untraced(i, 36)));
    expect(more).toBe(2_300 - writers.length);
    expect(writers.length).toBeGreaterThan(500);
    expect(originOf(originHeaders(many(880, (i) => untraced(i, 36)))).more).toBe(0);
  });

  it('is read from entries that were logged before ids and traces came in pairs', () => {
    const old = headers();
    for (const id of ['a', 'b']) old.append('X-Correlation-ID', id);
    for (const i of [1, 2]) old.append('traceparent', traceparentOf(i));
    expect(originOf(old).writers).toEqual([
      { correlationId: 'a', traceparent: undefined },
      { correlationId: 'b', traceparent: undefined },
      { correlationId: undefined, traceparent: traceparentOf(1) },
      { correlationId: undefined, traceparent: traceparentOf(2) },
    ]);
    const one = headers();
    one.append('X-Correlation-ID', 'a');
    for (const i of [1, 2]) one.append('traceparent', traceparentOf(i));
    expect(originOf(one).writers).toEqual([1, 2].map((i) => ({ correlationId: 'a', traceparent: traceparentOf(i) })));
  });
});
