import { describe, expect, it } from '@jest/globals';
import { counter, histogram } from './metrics.ts';
import { countOf, distributionOf } from './readings.ts';

describe('readings', () => {
  it('sum a counter over the series that have the labels asked for', async () => {
    const requests = counter({
      name: 'reading_requests_total',
      help: 'Requests',
      labelNames: ['collection', 'status'] as const,
    });
    requests.inc({ collection: 'a', status: 'success' }, 3);
    requests.inc({ collection: 'b', status: 'success' }, 4);
    requests.inc({ collection: 'b', status: 'error' });
    expect(await countOf('reading_requests_total')).toBe(8);
    expect(await countOf('reading_requests_total', { status: 'error' })).toBe(1);
    expect(await countOf('reading_requests_total', { status: 'unheard' })).toBe(0);
  });

  it('are nothing of a metric that nobody has made', async () => {
    expect(await countOf('reading_unmade_total')).toBe(0);
    expect(await distributionOf('reading_unmade_seconds')).toBeUndefined();
  });

  it('give each observation of a histogram to one bucket, whatever its series', async () => {
    const seconds = histogram({
      name: 'reading_seconds',
      help: 'Time',
      labelNames: ['collection'] as const,
      buckets: [0.001, 0.01],
    });
    seconds.observe({ collection: 'a' }, 0.0005);
    seconds.observe({ collection: 'b' }, 0.0007);
    seconds.observe({ collection: 'b' }, 0.005);
    seconds.observe({ collection: 'b' }, 7);
    expect(await distributionOf('reading_seconds')).toEqual({ bounds: [0.001, 0.01], counts: [2, 1, 1] });
  });
});
