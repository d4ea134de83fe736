import type { DashboardSample } from '@vectorizer/contracts';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { send } from '../api/call.ts';

/** Without a sample for so long, the connection is taken for broken. */
const SILENT_MS_MAX = 5_000;

/**
 * The cluster, once a second, until the connection ends. Read with fetch: a browser's EventSource sends no headers, and so no
 * key.
 */
export async function* samples(signal: AbortSignal): AsyncGenerator<DashboardSample> {
  const silence = new AbortController();
  const response = await send('/api/v1/dashboard/stream', { signal: AbortSignal.any([signal, silence.signal]) });
  if (response.body === null) throw new Error('the stream has no body');
  const events = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  for (;;) {
    const timer = setTimeout(() => silence.abort(new Error('the server has fallen silent')), SILENT_MS_MAX);
    try {
      const { done, value } = await events.read();
      if (done) return;
      if (value.event === 'sample') yield JSON.parse(value.data) as DashboardSample;
    } finally {
      clearTimeout(timer);
    }
  }
}
