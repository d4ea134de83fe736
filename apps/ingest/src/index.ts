export { Ingest, type IngestOptions } from './ingest.ts';
