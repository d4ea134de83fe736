import { describe, expect, it } from '@jest/globals';
import { createLogger } from './logger.ts';
import { RecentLines } from './recent-lines.ts';

const line = (id: string, text: string): string => `${JSON.stringify({ correlation_id: id, msg: text })}\n`;
const textsOf = (lines: readonly string[]): unknown[] =>
  lines.map((each) => (JSON.parse(each) as { readonly msg: unknown }).msg);

describe('recent lines', () => {
  it('are those that were written about a request, oldest first', () => {
    const recent = new RecentLines();
    const logger = createLogger({ service: 'query', level: 'info', destination: { write: () => undefined }, recent });
    logger.info({ correlation_id: 'a' }, 'first');
    logger.info({ correlation_id: 'ab' }, 'of another');
    logger.info('of nobody');
    logger.debug({ correlation_id: 'a' }, 'not written');
    logger.warn({ correlation_id: 'a', password: 'hunter2' }, 'second');
    expect(textsOf(recent.of('a', 10))).toEqual(['first', 'second']);
    expect(recent.of('a', 10).join('')).not.toContain('hunter2');
    expect(textsOf(recent.of('a', 1))).toEqual(['second']);
    expect(recent.of('nobody', 10)).toEqual([]);
  });

  it('are also those about what was done for several requests at once', () => {
    const recent = new RecentLines();
    const logger = createLogger({ service: 'index', level: 'info', destination: { write: () => undefined }, recent });
    logger.info({ correlation_ids: ['a', 'b'] }, 'of both');
    logger.info({ correlation_ids: ['ab', 'c'], other: ['a'] }, 'of others');
    expect(textsOf(recent.of('a', 10))).toEqual(['of both']);
    expect(textsOf(recent.of('b', 10))).toEqual(['of both']);
  });

  it('forget the oldest when there is no more room, and keep no line that is too long', () => {
    const recent = new RecentLines(10 * line('a', '0000').length);
    for (let i = 0; i < 5_000; i++) recent.add(line('a', String(i).padStart(4, '0')));
    recent.add(line('a', 'x'.repeat(40_000)));
    expect(textsOf(recent.of('a', 100))).toEqual(Array.from({ length: 10 }, (_, i) => String(4_990 + i)));
  });
});
