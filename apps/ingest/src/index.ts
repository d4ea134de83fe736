export { EventConsumer, type ConsumerParts } from './events/event-consumer.ts';
export { Ingest, type IngestOptions } from './ingest.ts';
