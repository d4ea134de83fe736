import { readDisconnectedAfterMs, readServiceConfig, runBusService, type Served } from '@vectorizer/frame';
import { Query } from './query.ts';

await runBusService('query', {
  readConfig: () => readServiceConfig(process.env, { port: 15_012 }),
  serve: (foundation): Served => {
    new Query({ ...foundation, disconnectedAfterMs: readDisconnectedAfterMs(process.env) }).serve();
    return {};
  },
});
