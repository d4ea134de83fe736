import { runBusService, type Served } from '@vectorizer/frame';
import { cacheHealth } from './cache-health.ts';
import { readSettings } from '@vectorizer/settings';
import { configOf } from './config.ts';
import { Query } from './query.ts';

await runBusService('query', {
  readSettings: () => readSettings('query', { environment: process.env, argv: process.argv }),
  configOf,
  serve: (foundation, { query: settings, http }): Served => {
    const query = new Query({ ...foundation, ...settings, port: http.port });
    query.serve();
    return {
      checks: [cacheHealth(query)],
      close: async (): Promise<void> => query.close(),
    };
  },
});
