import { readServiceConfig, runBusService, type Served } from '@vectorizer/frame';
import { EventConsumer } from './events/event-consumer.ts';
import { Ingest } from './ingest.ts';

await runBusService('ingest', {
  readConfig: () => readServiceConfig(process.env, { port: 15_011 }),
  serve: (foundation): Served => {
    const ingest = new Ingest(foundation);
    ingest.serve();
    const events = new EventConsumer({ ...foundation, ingest });
    return { close: async () => events.close() };
  },
});
