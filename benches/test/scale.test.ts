import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@vectorizer/testing';
import type { Recorded } from '../src/outcome/record.ts';
import type { Result } from '../src/outcome/result.ts';
import { fit, predict, slope } from '../src/scale/fit.ts';
import { fittedGrowth } from '../src/scale/growth.ts';
import { markdownOfScale } from '../src/scale/report.ts';
import { judge, type Moment } from '../src/scale/steady.ts';
import { bench } from './bench.ts';

const SIZES = [1_000, 10_000, 100_000] as const;

/** Of sizes whose cost goes exactly by a law. */
function costs(what: string, law: (size: number) => number): Result[] {
  return SIZES.map((size) => ({ name: `scale.size.d128.n${size}.${what}`, value: law(size), unit: '', cv: 0 }));
}

/** Half an hour, a look each ten seconds: memory with garbage that comes and goes, growing by so many MB an hour. */
function soaked(mbPerHour: number, minutes = 30): Moment[] {
  return Array.from({ length: minutes * 6 }, (_, i) => {
    const seconds = i * 10;
    const ownMb = 400 + (mbPerHour * seconds) / 3_600 + (i % 6) * 15;
    return { seconds, perSecond: 1_000, p50Ms: 1, p99Ms: 5, residentMb: ownMb + 100, ownMb, logServerMb: 50 };
  });
}

describe('a fit', () => {
  it('finds the law that the samples follow', () => {
    const lines = SIZES.map((x) => ({ x, y: 16 + 0.002 * x }));
    expect(fit(lines, 'linear')).toMatchObject({
      a: expect.closeTo(16),
      b: expect.closeTo(0.002),
      residual: expect.closeTo(0),
    });
    const curves = SIZES.map((x) => ({ x, y: 20 + 7 * Math.log(x) }));
    const found = fit(curves, 'logarithmic');
    expect(found).toMatchObject({ a: expect.closeTo(20), b: expect.closeTo(7) });
    expect(predict(found, 1e9)).toBeCloseTo(20 + 7 * Math.log(1e9));
  });

  it('says how far it is off, as a share of what was measured', () => {
    const bent = [1, 2, 3].map((x) => ({ x, y: x === 2 ? 2.2 : x }));
    expect(fit(bent, 'linear').residual).toBeGreaterThan(0.02);
    expect(fit(bent, 'linear').residual).toBeLessThan(0.1);
  });

  it('counts the smallest size as much as the largest', () => {
    const { a } = fit(
      [1_000, 2_000, 1_000_000, 1_010_000].map((x) => ({ x, y: 5 + x * 0.01 * (x > 1e5 ? 1.01 : 1) })),
      'linear',
    );
    expect(a).toBeGreaterThan(4);
    expect(a).toBeLessThan(6);
  });

  it('is refused where there is nothing to fit', () => {
    expect(() =>
      fit(
        [
          { x: 1, y: 1 },
          { x: 1, y: 2 },
        ],
        'linear',
      ),
    ).toThrow('two different sizes');
    expect(() =>
      fit(
        [
          { x: 1, y: 0 },
          { x: 2, y: 1 },
        ],
        'linear',
      ),
    ).toThrow('above 0');
  });
});

describe('the growth of a cost', () => {
  it('is told as a law, and foretells the largest size from those below', () => {
    const found = fittedGrowth(
      costs('memory_mb', (size) => 20 + size / 1_000),
      'scale.size.d128',
    );
    expect(found.map(({ name, value }) => [name, value])).toEqual([
      ['scale.fit.memory_mb.a', expect.closeTo(20)],
      ['scale.fit.memory_mb.b', expect.closeTo(0.001)],
      ['scale.fit.memory_mb.residual', expect.closeTo(0)],
      ['scale.fit.memory_mb.predicted_share', expect.closeTo(1)],
    ]);
    const steeper = fittedGrowth(
      costs('search_us', (size) => (size < 100_000 ? 10 * Math.log(size) : 1_000)),
      'scale.size.d128',
    );
    expect(steeper.at(-1)?.value).toBeLessThan(0.2);
  });

  it('is not told of two sizes', () => {
    expect(fittedGrowth(costs('memory_mb', (size) => size).slice(1), 'scale.size.d128')).toEqual([]);
  });

  it('is a table with a line to a size', () => {
    const machine = { cpu: 'a fast one', cores: 2, memory_mb: 1, load: 0.5, node: 'v24', versions: {} };
    const results = [{ ...costs('search_us', () => 120)[0], recall: 0.99 } as Result, ...costs('restart_s', () => 0.5)];
    const record: Recorded = { at: '2026-01-02', commit: 'c', quick: true, rounds: 5, machine, dataset: 'd', results };
    const lines = markdownOfScale(record);
    expect(lines).toContain('| 1,000 × 128 | 120 (0.990) |  |  |  | 0.500 |');
    expect(lines).toContain('| 100,000 × 128 |  |  |  |  | 0.500 |');
  });
});

describe('a soak', () => {
  it('passes with memory that goes up and down and stays where it is', () => {
    const found = new Map(judge(soaked(0)).map(({ name, value }) => [name, value]));
    expect(found.get('soak.memory_mb_per_hour')).toBeCloseTo(0);
    expect(found.get('soak.resident_mb')).toBeGreaterThan(500);
  });

  it('fails with memory that grows by more than a tenth an hour', () => {
    expect(() => judge(soaked(60))).toThrow(/memory grows by 60 MB an hour, which is more than 10 % of its 4\d\d MB/);
    expect(judge(soaked(20)).find(({ name }) => name === 'soak.memory_mb_per_hour')?.value).toBeCloseTo(20);
  });

  it('judges nothing by a few minutes', () => {
    expect(judge(soaked(600, 6)).find(({ name }) => name === 'soak.memory_mb_per_hour')?.value).toBeCloseTo(600);
  });

  it('takes the slope that most samples have', () => {
    const steady = Array.from({ length: 20 }, (_, x) => ({ x, y: 2 * x }));
    expect(slope([...steady, { x: 20, y: 10_000 }])).toBeCloseTo(2);
  });
});

describe('bench scale', () => {
  it('measures each size, and writes it', async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, 'scale.json');
    const { code, out, err } = await bench(
      ['size', '--quick', '--points', '1000', '--json', file],
      {},
      'scale/main.ts',
    );
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(out).toContain('| 1,000 × 128 |');
    const { results } = JSON.parse(readFileSync(file, 'utf8')) as Recorded;
    const search = results.find(({ name }) => name === 'scale.size.d128.n1000.search_us');
    expect(search?.recall).toBeGreaterThan(0.95);
    expect(results.every(({ value }) => value > 0)).toBe(true);
  });

  it('refuses a part that there is not', async () => {
    expect(await bench(['sise'], {}, 'scale/main.ts')).toMatchObject({
      code: 2,
      err: 'vectorizer: no part is named "sise": there are size, processes, collections, connections, soak\n',
    });
  });
});
