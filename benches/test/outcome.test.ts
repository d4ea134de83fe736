import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { temporaryDirectory } from '@vectorizer/testing';
import { recall, syntheticDataset } from '../src/data/dataset.ts';
import { drawReport } from '../src/outcome/chart.ts';
import { compare } from '../src/outcome/compare.ts';
import { markdownOf } from '../src/outcome/markdown.ts';
import { appendToHistory, readHistory, type Recorded } from '../src/outcome/record.ts';
import type { Result } from '../src/outcome/result.ts';
import { quantile, ratios, spread } from '../src/outcome/statistics.ts';
import { updateRows } from '../src/outcome/updates.ts';

const result = (name: string, value: number, unit = 'ratio'): Result => ({ name, value, unit, cv: 0.021 });
const record = (results: readonly Result[], over: Partial<Recorded> = {}): Recorded => ({
  at: '2026-01-02T03:04:05.000Z',
  commit: 'abc123',
  quick: false,
  rounds: 5,
  machine: { cpu: 'a <fast> one', cores: 2, memory_mb: 1, load: 0.5, node: 'v24', versions: { v8: '13' } },
  dataset: 'made & small',
  results,
  ...over,
});

/** Of a run, all of them the larger the larger `value` is. */
const searches = (value: number): Result[] => [
  result('a', value),
  { ...result('search.engine.ef16', 100 * value, '1/s'), recall: 0.9 },
  { ...result('search.engine.ef64', 50 * value, '1/s'), recall: 0.98 },
];

describe('statistics', () => {
  it('take the median, and the standard deviation over the mean', () => {
    expect(spread([1, 2, 6])).toMatchObject({ median: 2, cv: Math.sqrt(7) / 3 });
    expect(spread([5]).cv).toBe(0);
  });

  it('interpolate between ranks', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([1, 2, 3], 1)).toBe(3);
  });

  it('divide round by round, so that a drift of the machine cancels', () => {
    expect(ratios([2, 20, 200], [1, 10, 100])).toMatchObject({ median: 2, cv: 0 });
  });
});

describe('recall', () => {
  it('is the share of the first k true neighbours, or of all where there are fewer', () => {
    const truth = [[1, 2, 3, 4], [5]];
    expect(recall(truth, new Map([[0, [1, 9]]]), 2)).toBe(0.5);
    expect(recall(truth, new Map([[1, [5]]]), 10)).toBe(1);
  });

  it('is of a set that a seed repeats', () => {
    const options = { rows: 50, queries: 2, dimension: 8, seed: 7 };
    expect(syntheticDataset(options).truth).toEqual(syntheticDataset(options).truth);
  });
});

describe('the comparison of two runs', () => {
  it('gives the ratio of the figures that both have', () => {
    const lines = compare([result('a', 3), result('b', 1)], [result('a', 2)]);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/^a +2\.00 +3\.00 ratio +1\.500$/);
  });
});

describe('the history', () => {
  it('keeps runs in their order', async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, 'results', 'history.jsonl');
    expect(readHistory(file)).toEqual([]);
    for (const value of [1, 2]) appendToHistory(record([result('a', value)]), file);
    expect(readHistory(file).map(({ results }) => results[0]?.value)).toEqual([1, 2]);
  });

  it('is drawn as one page: each figure over the runs that are like the newest, and recall against rate', () => {
    const page = drawReport([record(searches(9), { quick: true }), record(searches(1)), record(searches(2))]);
    expect(page).toMatch(/^<svg [^>]*>[\s\S]*<\/svg>\n$/);
    expect(page).toContain('2 runs on made &amp; small');
    expect(page).toContain('a &lt;fast&gt; one');
    expect(page).toContain('0.900, 200');
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('cannot be drawn before there is a run', () => {
    expect(() => drawReport([])).toThrow('there is no run to draw yet');
  });
});

describe('the tables of the documentation', () => {
  const results = [
    result('update.engine.us', 50, 'µs'),
    result('update.hnswlib.delete_insert_us', 1_200, 'µs'),
    result('update.engine.speedup', 24),
    result('update.engine.two_entries_us', 120, 'µs'),
    result('update.engine.vs_two_entries', 2.4),
    result('update.engine.cpu_us', 500, 'µs'),
    result('update.engine.two_entries_cpu_us', 550, 'µs'),
    result('update.engine.cpu_ratio', 0.8),
  ];

  it('say of each level how many times an update is faster', () => {
    expect(updateRows(results).map(({ level, ratio }) => [level, ratio])).toEqual([
      ['engine, foreground, against hnswlib', '24.00 ×'],
      ['engine, foreground, against two entries', '2.40 ×'],
      ['engine, processor time with all that follows', '1.25 ×'],
    ]);
  });

  it('have the machine, the data, each figure with its spread and budget, and the levels', () => {
    const text = markdownOf(record(results), { 'update.engine.speedup': { min: 20 } }).join('\n');
    expect(text).toContain(
      'commit abc123: 2 × a <fast> one, load 0.50 at the start; Node v24, v8 13; data: made & small',
    );
    expect(text).toContain('| `update.engine.speedup` | 24.0 | ratio | 2.1 % |  | ≥ 20 |');
    expect(text).toContain('| cpu | engine, foreground, against two entries | 50.0 µs | 120 µs | 2.40 × | 2.1 % |');
  });
});
