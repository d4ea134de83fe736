import type { Dataset } from '../data/dataset.ts';
import { figure, type Result } from '../outcome/result.ts';
import { ratios, spread } from '../outcome/statistics.ts';
import { numbered, type Rounds } from '../setting.ts';
import type { Engine } from '../subjects/engine.ts';
import { heldMemoryMb } from '../subjects/run-held-memory.ts';
import { measureInTurns } from './search-loop.ts';
import { Series } from './series.ts';

/** The same points in collections of other kinds: their searches in turns with those of `cpu`, and the memory of each. */
export async function compareKinds(
  { cpu, others }: { readonly cpu: Engine; readonly others: readonly Engine[] },
  dataset: Dataset,
  rounds: Rounds,
): Promise<Result[]> {
  const searches = [cpu.search(), cpu.search({ exact: true }), ...others.map((other) => other.search())];
  const all = searches.map(() => new Series(dataset.truth));
  for (const round of numbered(rounds)) {
    const measured = await measureInTurns(searches, dataset.queries.length, rounds.milliseconds);
    if (round > 0) for (const [i, result] of measured.entries()) all[i]?.add(result);
  }
  const [graph, exact, ...found] = all.map((series) => series.perSecond);
  const held = await heldMb(cpu, dataset, rounds);
  const results: Result[] = [];
  for (const [i, other] of others.entries()) {
    const { kind } = other;
    const series = all[i + 2] ?? new Series(dataset.truth);
    const perSecond = found[i] ?? [];
    results.push(
      figure(`${kind}.search`, '1/s', series.with(spread(perSecond))),
      figure(`${kind}.search.share_of_cpu`, 'ratio', series.with(ratios(perSecond, graph ?? []))),
      figure(`${kind}.search.share_of_exact`, 'ratio', series.with(ratios(perSecond, exact ?? []))),
      figure(`${kind}.recall`, 'recall', spread([series.recall])),
      figure(`${kind}.memory_ratio`, 'ratio', spread([other.indexBytes / cpu.indexBytes])),
      figure(`${kind}.process_memory_ratio`, 'ratio', ratios(await heldMb(other, dataset, rounds), held)),
    );
  }
  return results;
}

async function heldMb(engine: Engine, { dimension }: Dataset, { processes }: Rounds): Promise<number[]> {
  const measured: number[] = [];
  const { directory, kind } = engine;
  const meanwhile = async (): Promise<void> => {
    for (let i = 0; i < processes; i++) measured.push(await heldMemoryMb({ directory, dimension, kind }));
  };
  await engine.reopen({ meanwhile });
  return measured;
}
