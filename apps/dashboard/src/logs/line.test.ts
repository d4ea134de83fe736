import { describe, expect, it } from '@jest/globals';
import { shownOf } from './line.ts';

describe('a line of a log', () => {
  it('is shown by its parts, with what it adds as names and values', () => {
    const line = {
      time: '2026-01-02T03:04:05.678Z',
      level: 'warn',
      service: 'query',
      process: 'host:1',
      correlation_id: 'c-1',
      msg: 'read failed',
      procedure: 'search',
      details: { shard: 1 },
    };
    expect(shownOf(line)).toEqual({
      time: '03:04:05.678',
      level: 'warn',
      isBad: true,
      service: 'query',
      process: 'host:1',
      message: 'read failed',
      fields: 'procedure=search details={"shard":1}',
    });
  });
});
