import { figure, type Result } from '../outcome/result.ts';
import { spread } from '../outcome/statistics.ts';
import { numbered, type Rounds } from '../setting.ts';
import type { Engine } from '../subjects/engine.ts';

/** Saving the graph, and opening a closed replica until it has answered a search; its files are in the page cache. */
export async function benchRestart(engine: Engine, rounds: Rounds): Promise<Result[]> {
  const saved: number[] = [];
  const ready: number[] = [];
  for (const round of numbered(rounds)) {
    const start = performance.now();
    await engine.saveGraph();
    const seconds = (performance.now() - start) / 1_000;
    const readyS = await engine.reopen();
    if (round === 0) continue;
    saved.push(seconds);
    ready.push(readyS);
  }
  return [figure('snapshot.save_s', 's', spread(saved)), figure('restart.ready_s', 's', spread(ready))];
}
