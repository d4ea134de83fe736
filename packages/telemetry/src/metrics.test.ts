import { describe, expect, it } from '@jest/globals';
import { counter, defaultMetrics, gauge, histogram, printMetrics } from './metrics.ts';

describe('metrics', () => {
  it('gives the same series to everyone who asks for a name', async () => {
    const options = { name: 'test_requests_total', help: 'Requests', labelNames: ['status'] as const };
    counter(options).inc({ status: '200' });
    counter(options).inc({ status: '200' }, 2);
    const { text, contentType } = await printMetrics();
    expect(text).toContain('test_requests_total{status="200"} 3');
    expect(contentType).toContain('version=0.0.4');
  });

  it('refuses a name that exists as another kind', () => {
    gauge({ name: 'test_level', help: 'Level' }).set(4);
    expect(() => counter({ name: 'test_level', help: 'Level' })).toThrow('exists as another kind');
  });

  it('resolves latencies below a millisecond unless told other buckets', async () => {
    histogram({ name: 'test_seconds', help: 'Time' }).observe(0.0002);
    histogram({ name: 'test_sizes', help: 'Sizes', buckets: [1, 10] }).observe(5);
    const { text } = await printMetrics();
    expect(text).toContain('test_seconds_bucket{le="0.0001"} 0');
    expect(text).toContain('test_seconds_bucket{le="0.00025"} 1');
    expect(text).toContain('test_sizes_bucket{le="10"} 1');
  });

  it('collects process metrics once however often it is asked to', async () => {
    defaultMetrics();
    defaultMetrics();
    expect((await printMetrics()).text).toContain('process_resident_memory_bytes');
  });
});
