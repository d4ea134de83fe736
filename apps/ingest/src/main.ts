import { readServiceConfig, runBusService, type Served } from '@vectorizer/frame';
import { Ingest } from './ingest.ts';

await runBusService('ingest', {
  readConfig: () => readServiceConfig(process.env, { port: 15_011 }),
  serve: (foundation): Served => {
    new Ingest(foundation).serve();
    return {};
  },
});
