import { expect, it } from '@jest/globals';
import { histogram, printMetrics } from './metrics.ts';
import { series } from './series.ts';

it('counts what was gathered when it is printed, once', async () => {
  const options = { name: 'test_stage_seconds', help: 'Time', labelNames: ['stage'] };
  const stages = ['plan', 'merge', 'plan'].map((stage) => series(options).of(stage));
  for (let i = 0; i < 1_000; i++) for (const stage of stages) stage.observe(0.25);
  for (let looks = 0; looks < 2; looks++) {
    const { text } = await printMetrics();
    expect(text).toContain('test_stage_seconds_count{stage="plan"} 2000');
    expect(text).toContain('test_stage_seconds_sum{stage="merge"} 250');
  }
});

it('forgets a series with what was gathered of it', async () => {
  const sizes = series({ name: 'test_sizes_by_place', help: 'Sizes', labelNames: ['place', 'kind'], buckets: [1, 10] });
  sizes.of('here', 'a').observe(5);
  sizes.of('there', 'a').observe(5);
  sizes.remove('here', 'a');
  const { text } = await printMetrics();
  expect(text).not.toContain('place="here"');
  expect(text).toContain('test_sizes_by_place_bucket{le="10",place="there",kind="a"} 1');
  sizes.of('here', 'a').observe(5);
  expect((await printMetrics()).text).toContain('test_sizes_by_place_count{place="here",kind="a"} 1');
});

it('refuses what cannot be counted, and to gather for a metric that another has made', async () => {
  const times = series({ name: 'test_times', help: 'Times', labelNames: [] }).of();
  times.observe(1);
  expect(() => times.observe(NaN)).toThrow('cannot count');
  expect((await printMetrics()).text).toContain('test_times_count 1');
  histogram({ name: 'test_made', help: 'Made' });
  expect(() => series({ name: 'test_made', help: 'Made' })).toThrow('exists');
});
