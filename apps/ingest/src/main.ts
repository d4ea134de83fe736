import { runBusService, serviceConfigOf, type Served } from '@vectorizer/frame';
import { readSettings } from '@vectorizer/settings';
import { EventConsumer } from './events/event-consumer.ts';
import { Ingest } from './ingest.ts';

await runBusService('ingest', {
  readSettings: () => readSettings('ingest', { environment: process.env, argv: process.argv }),
  configOf: serviceConfigOf,
  serve: (foundation, { access }): Served => {
    const ingest = new Ingest(foundation);
    ingest.serve();
    const events = new EventConsumer({ ...foundation, ingest, knowsProducers: access.knownProducers });
    return { close: async () => events.close() };
  },
});
