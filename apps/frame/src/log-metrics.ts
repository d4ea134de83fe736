import type { LogObserver } from '@vectorizer/log';
import { counter, gauge, histogram } from '@vectorizer/telemetry';

const publishing = histogram({
  name: 'vectorizer_log_publish_seconds',
  help: 'From the first attempt to publish an entry to the answer that it is durable',
});
const entryBytes = histogram({
  name: 'vectorizer_log_entry_bytes',
  help: 'Size of the entries published',
  buckets: [256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304],
});
const retries = counter({
  name: 'vectorizer_log_publish_retries_total',
  help: 'Attempts to publish an entry that came to nothing and were made again',
});
const pending = gauge({
  name: 'vectorizer_log_pending_operations',
  help: 'Operations that wait for the log or are in flight to it',
});
const bytesSent = counter({
  name: 'vectorizer_replication_bytes_sent_total',
  help: 'Bytes of the entries published, each once however many replicas read it',
});

/** What a process's writers do, as metrics. */
export const logMetrics: LogObserver = {
  published({ seconds, bytes }) {
    publishing.observe(seconds);
    entryBytes.observe(bytes);
    bytesSent.inc(bytes);
  },
  retried: () => retries.inc(),
  pending: (change) => pending.inc(change),
};
