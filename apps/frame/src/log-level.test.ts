import { describe, expect, it } from '@jest/globals';
import { LocalBus } from '@vectorizer/cluster';
import { logLevelChange } from '@vectorizer/contracts';
import { createLogger, type Logger } from '@vectorizer/telemetry';
import { until } from '@vectorizer/testing';
import { followLogLevel } from './log-level.ts';

function follow(): { readonly bus: LocalBus; readonly logger: Logger } {
  const bus = new LocalBus();
  const logger = createLogger({ service: 'query', level: 'info', destination: { write: () => undefined } });
  followLogLevel({ bus, service: 'query', logger, level: 'info' });
  return { bus, logger };
}

describe('a level that is set for a while', () => {
  it('gives way to the one that the process was started with', async () => {
    const { bus, logger } = follow();
    bus.announce(logLevelChange, { level: 'trace', for_s: 1 });
    await until(() => logger.level === 'trace');
    await until(() => logger.level === 'info');
  });

  it('regression: gives way to the one that was set for good before, however many are set for a while after it', async () => {
    const { bus, logger } = follow();
    bus.announce(logLevelChange, { level: 'debug' });
    bus.announce(logLevelChange, { level: 'error', for_s: 60 });
    bus.announce(logLevelChange, { level: 'trace', for_s: 1 });
    await until(() => logger.level === 'trace');
    await until(() => logger.level !== 'trace');
    expect(logger.level).toBe('debug');
  });

  it('does not come to an end that undoes what was set for good meanwhile', async () => {
    const { bus, logger } = follow();
    bus.announce(logLevelChange, { level: 'trace', for_s: 1 });
    await until(() => logger.level === 'trace');
    bus.announce(logLevelChange, { level: 'warn' });
    await until(() => logger.level === 'warn');
    bus.announce(logLevelChange, { level: 'debug', for_s: 1 });
    await until(() => logger.level === 'debug');
    await until(() => logger.level !== 'debug');
    expect(logger.level).toBe('warn');
  });
});
