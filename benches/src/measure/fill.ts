import { inSpans } from '../data/spans.ts';
import { figure, type Result } from '../outcome/result.ts';
import type { Rounds } from '../setting.ts';
import { ratios, spread } from '../outcome/statistics.ts';

/** Rows `start` to before `end`. */
export type Span = { readonly start: number; readonly end: number };

/** Something that takes in rows; answers the milliseconds until it had them all in its graph. */
export type Filled = { readonly name: 'bare' | 'engine' | 'server'; readonly fill: (span: Span) => Promise<number> };

/**
 * A part this large outlasts by far the fifth of a second for which a vector that may change again stays in the buffer.
 * Smaller data sets (`--quick`) show that wait as a lower share.
 */
const PART_ROWS = 4_000;

/**
 * Fills all with the same rows, a part of them each round: the rates of one round are of graphs of one size, taken
 * shortly after each other. The first part is to warm up.
 */
export async function benchFill(subjects: readonly Filled[], rows: number, rounds: Rounds): Promise<Result[]> {
  const rates: Record<Filled['name'], number[]> = { bare: [], engine: [], server: [] };
  const parts = Math.max(rounds.count + 1, Math.floor(rows / PART_ROWS));
  for (const [round, span] of inSpans(rows, parts).entries()) {
    rounds.begun?.(round);
    for (const subject of round % 2 === 0 ? subjects : subjects.toReversed()) {
      const milliseconds = await subject.fill(span);
      if (round > 0) rates[subject.name].push((span.end - span.start) / (milliseconds / 1_000));
    }
  }
  const { bare, engine, server } = rates;
  return [
    figure('ingest.bare', 'points/s', spread(bare)),
    figure('ingest.engine', 'points/s', spread(engine)),
    figure('ingest.engine.share_of_bare', 'ratio', ratios(engine, bare)),
    figure('ingest.indexed', 'points/s', spread(server)),
    figure('ingest.indexed.share_of_bare', 'ratio', ratios(server, bare)),
  ];
}
