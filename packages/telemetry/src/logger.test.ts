import { describe, expect, it } from '@jest/globals';
import { createLogger, type LogLevel } from './logger.ts';

function capture(level: LogLevel): { lines: string[]; logger: ReturnType<typeof createLogger> } {
  const lines: string[] = [];
  return {
    lines,
    logger: createLogger({ service: 'query', level, destination: { write: (line) => lines.push(line) } }),
  };
}

describe('createLogger', () => {
  it('writes one JSON object per line with time, level, service and message', () => {
    const { lines, logger } = capture('info');
    logger.info({ correlation_id: 'abc' }, 'answered');
    expect(lines).toHaveLength(1);
    const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    expect(line).toMatchObject({ level: 'info', service: 'query', msg: 'answered', correlation_id: 'abc' });
    expect(new Date(String(line['time'])).toISOString()).toBe(line['time']);
  });

  it('prints the message, type and cause of an error', () => {
    const { lines, logger } = capture('info');
    logger.error({ error: new TypeError('outer', { cause: new Error('inner') }) }, 'failed');
    expect(lines[0]).toContain('outer');
    expect(lines[0]).toContain('inner');
    expect(lines[0]).toContain('TypeError');
  });

  it('leaves out what is below its level', () => {
    const { lines, logger } = capture('warn');
    logger.info('unheard');
    logger.warn('heard');
    expect(lines).toHaveLength(1);
  });
});
