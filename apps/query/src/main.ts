import { runBusService, type Served } from '@vectorizer/frame';
import { readConfig } from './config.ts';
import { Query } from './query.ts';

await runBusService('query', {
  readConfig: () => readConfig(process.env),
  serve: (foundation, { query, http }): Served => {
    new Query({ ...foundation, ...query, port: http.port }).serve();
    return {};
  },
});
