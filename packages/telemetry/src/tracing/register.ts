import { basename, resolve } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { countNothing } from '../no-metrics.ts';
import { createLogger } from '../logging/logger.ts';
import { shareOf, tracingSettings } from './settings.ts';

/**
 * Loaded ahead of a service (`node --import …/register.js …/apps/<name>/dist/main.js`), because the SDK watches libraries
 * by taking part when they are loaded. Loads nothing more where nobody wants spans. What else runs under the same options,
 * a thread or a probe, is no service.
 */
const main = process.argv[1] ?? '';
if (process.env['VECTORIZER_METRICS'] === 'off') countNothing();
const settings = isMainThread && main.endsWith('/dist/main.js') ? tracingSettings(process.env) : undefined;
if (settings !== undefined) {
  const app = basename(resolve(main, '../..'));
  const logger = createLogger({ service: app, level: 'warn' });
  Object.assign(process.env, settings);
  try {
    const { startTracing } = await import('./start-tracing.ts');
    const service = process.env['OTEL_SERVICE_NAME'] === undefined ? `vectorizer-${app}` : undefined;
    startTracing({ service, share: shareOf(settings), logger });
  } catch (error) {
    logger.warn({ err: error }, 'tracing could not be started; nothing is recorded');
  }
}
