import assert from 'node:assert/strict';
import type { Dataset } from './data/dataset.ts';
import { inOrder, PHASES, type Phase, type Selection } from './figures.ts';
import { KINDS, OTHER_KINDS, updatePrefix } from './kinds.ts';
import { benchAccept } from './measure/accept.ts';
import { benchAudit } from './measure/audit.ts';
import { benchByEf } from './measure/by-ef.ts';
import { benchWhileSyncing } from './measure/while-syncing.ts';
import { benchCache, benchCacheRedis } from './measure/cache.ts';
import { benchCacheHttp, benchTokenWait } from './measure/cache-http.ts';
import { compareKinds } from './measure/compare-kinds.ts';
import { benchExact } from './measure/exact.ts';
import { benchFill } from './measure/fill.ts';
import { benchFilter } from './measure/filter.ts';
import { benchHealth } from './measure/health.ts';
import { benchObservability } from './measure/observability.ts';
import { benchRestart } from './measure/restart.ts';
import { benchSearch } from './measure/search.ts';
import { benchSearchable } from './measure/searchable.ts';
import { benchStatsCost } from './measure/stats-cost.ts';
import { benchSync } from './measure/sync.ts';
import { benchUnderWrites } from './measure/under-writes.ts';
import { benchUpdate } from './measure/update-engine.ts';
import { benchUpdateHttp } from './measure/update-http.ts';
import { figure, type Result } from './outcome/result.ts';
import { spread } from './outcome/statistics.ts';
import type { Progress } from './progress.ts';
import { EF, type Rounds } from './setting.ts';
import { Stage } from './stage.ts';
import type { Engine } from './subjects/engine.ts';

export type Run = {
  readonly selection: Selection;
  readonly dataset: Dataset;
  readonly rounds: Rounds;
  readonly searchDelayMs: number;
  readonly progress: Progress;
};

/**
 * Measures the figures asked for in one run, in alternating rounds, so that ratios hold on a busy machine. Yields all that
 * has been measured so far after each phase, in the order of the table.
 */
export async function* measure(run: Run): AsyncGenerator<Result[]> {
  const { selection, dataset, progress, searchDelayMs } = run;
  const { subjects, phases, names } = selection;
  const rounds: Rounds = { ...run.rounds, begun: (round) => progress.round(round) };
  await using stage = await progress.phase('start', () => Stage.open({ subjects, dataset, searchDelayMs }));
  const results: Result[] = [];
  const soFar = (): Result[] => inOrder(results.filter(({ name }) => names.has(name)));
  const filled = [stage.bare, stage.engine, stage.server].filter((subject) => subject !== undefined);
  if (filled.length > 0) {
    results.push(...(await progress.phase('fill', () => benchFill(filled, dataset.rows.length, rounds))));
    yield soFar();
  }
  for (const phase of PHASES) {
    if (!phases.has(phase) || phase === 'fill') continue;
    const measuring = (): Promise<Result[]> => MEASURES[phase](stage, { ...run, rounds });
    results.push(...(await (BY_KIND.has(phase) ? measuring() : progress.phase(phase, measuring))));
    yield soFar();
  }
}

/** Each kind of these is a phase of its own. */
const BY_KIND: ReadonlySet<Phase> = new Set(['update', 'update_http']);

type Measure = (stage: Stage, run: Run) => Promise<Result[]>;

const MEASURES: Readonly<Record<Exclude<Phase, 'fill'>, Measure>> = {
  memory: async ({ system }, { dataset }) => memory(there(system).residentMb(), dataset),
  search: async (stage, { dataset, rounds }) => {
    const bare = (await stage.bareGraph())?.search(EF);
    return benchSearch({ bare, engine: stage.engine?.search(), server: stage.server }, dataset, rounds);
  },
  ef: async (stage, { dataset, rounds }) =>
    benchByEf({ engine: stage.engine, bare: await stage.bareGraph() }, dataset, rounds),
  cache: async ({ engine }, { dataset, rounds }) => benchCache(there(engine), dataset, rounds),
  cache_redis: async ({ engine }, { dataset, rounds }) => benchCacheRedis(there(engine), dataset, rounds),
  cache_http: async ({ server }, { dataset, rounds }) => benchCacheHttp(there(server), dataset, rounds),
  token_wait: async ({ server }, { dataset, rounds }) => benchTokenWait(there(server), dataset, rounds),
  exact: async ({ engine }, { dataset, rounds }) => benchExact(there(engine), dataset, rounds),
  filter: async ({ engine }, { dataset, rounds }) => benchFilter(there(engine), dataset, rounds),
  restart: async ({ engine }, { rounds }) => benchRestart(there(engine), rounds),
  sync: async ({ engine }, { dataset, rounds }) => benchSync(there(engine), dataset, rounds),
  while_syncing: async ({ server }, { dataset, rounds }) => benchWhileSyncing(there(server), dataset, rounds),
  under_writes: async ({ server }, { dataset, rounds }) => benchUnderWrites(there(server), dataset, rounds),
  searchable: async ({ server }, { dataset, rounds }) => benchSearchable(there(server), dataset, rounds),
  kinds: async (stage, { dataset, rounds, selection }) => {
    const others: Engine[] = [];
    for (const kind of OTHER_KINDS) {
      if (asks(selection, [`${kind}.`])) others.push(await stage.filledEngine(kind));
    }
    return compareKinds({ cpu: there(stage.engine), others }, dataset, rounds);
  },
  update: async (stage, { dataset, rounds, selection, progress }) => {
    const results: Result[] = [];
    const bare = await stage.bareGraph();
    for (const kind of KINDS) {
      if (
        !asks(
          selection,
          UPDATED_HERE.map((of) => `${updatePrefix(kind)}.${of}`),
        )
      )
        continue;
      const all = selection.names.has(`${updatePrefix(kind)}.recall`);
      const measuring = async (): Promise<Result[]> =>
        benchUpdate({ engine: await stage.filledEngine(kind), bare, all }, dataset, rounds);
      results.push(...(await progress.phase(`update, ${kind}`, measuring)));
    }
    return results;
  },
  update_http: async ({ system }, { dataset, rounds, selection, progress }) => {
    const results: Result[] = [];
    for (const kind of KINDS) {
      if (!asks(selection, [`${updatePrefix(kind)}.http`])) continue;
      const subject = { url: there(system).url, kind };
      const measuring = (): Promise<Result[]> => benchUpdateHttp(subject, dataset, rounds);
      results.push(...(await progress.phase(`update_http, ${kind}`, measuring)));
    }
    return results;
  },
  stats_cost: async (_, { dataset, rounds }) => benchStatsCost(dataset, rounds),
  health: async ({ system }, { dataset, rounds }) => benchHealth(there(system).url, dataset, rounds),
  observability: async (_, { dataset, rounds }) => benchObservability(dataset, rounds),
  audit: async (_, { dataset, rounds }) => benchAudit(dataset, rounds),
  accept: async ({ system }, { dataset, rounds }) => benchAccept(there(system).url, dataset, rounds),
};

/** What begins the names of the figures of an engine's updates. */
const UPDATED_HERE = ['engine.', 'hnswlib.', 'recall'];

function asks({ names }: Selection, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => [...names].some((name) => name.startsWith(prefix)));
}

/** What a server holds once it is filled, and what it may: three times the vectors, and a fixed part. */
function memory(residentMb: number, { rows, dimension }: Dataset): Result[] {
  const rawMb = (rows.length * dimension * 4) / 2 ** 20;
  return [
    figure('memory.resident', 'MB', spread([residentMb])),
    figure('memory.limit', 'MB', spread([3 * rawMb + 250])),
  ];
}

/** The figures of a phase name what it needs, so it is there. */
function there<Part>(part: Part | undefined): Part {
  assert(part !== undefined, 'a phase has the subjects of its figures');
  return part;
}
