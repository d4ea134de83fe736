import type { Dataset } from '../data/dataset.ts';
import { figure, type Result } from '../outcome/result.ts';
import { ratios, spread } from '../outcome/statistics.ts';
import { numbered, type Rounds } from '../setting.ts';
import type { Engine } from '../subjects/engine.ts';
import { heldMemoryMb } from '../subjects/run-held-memory.ts';
import { measureInTurns } from './search-loop.ts';
import { Series } from './series.ts';

/** The same points in a collection of another kind: its searches in turns with those of `cpu`, and the memory of each. */
export async function compareKinds(
  { cpu, other }: { readonly cpu: Engine; readonly other: Engine },
  dataset: Dataset,
  rounds: Rounds,
): Promise<Result[]> {
  const series = { cpu: new Series(dataset.truth), exact: new Series(dataset.truth), other: new Series(dataset.truth) };
  const names = ['cpu', 'exact', 'other'] as const;
  const searches = [cpu.search(), cpu.search({ exact: true }), other.search()];
  for (const round of numbered(rounds)) {
    const measured = await measureInTurns(searches, dataset.queries.length, rounds.milliseconds);
    if (round > 0) for (const [i, result] of measured.entries()) series[names[i] ?? 'cpu'].add(result);
  }
  const { kind } = other;
  const found = series.other;
  return [
    figure(`${kind}.search`, '1/s', found.with(spread(found.perSecond))),
    figure(`${kind}.search.share_of_cpu`, 'ratio', found.with(ratios(found.perSecond, series.cpu.perSecond))),
    figure(`${kind}.search.share_of_exact`, 'ratio', found.with(ratios(found.perSecond, series.exact.perSecond))),
    figure(`${kind}.recall`, 'recall', spread([found.recall])),
    figure(`${kind}.memory_ratio`, 'ratio', await memoryRatio(cpu, other, { dataset, rounds })),
  ];
}

async function memoryRatio(
  cpu: Engine,
  other: Engine,
  { dataset: { dimension }, rounds }: { readonly dataset: Dataset; readonly rounds: Rounds },
): Promise<ReturnType<typeof ratios>> {
  const held = async (engine: Engine): Promise<number[]> => {
    const measured: number[] = [];
    const { directory, kind } = engine;
    const meanwhile = async (): Promise<void> => {
      const order = { directory, dimension, kind };
      for (let round = 0; round < rounds.processes; round++) measured.push(await heldMemoryMb(order));
    };
    await engine.reopen({ meanwhile });
    return measured;
  };
  return ratios(await held(other), await held(cpu));
}
