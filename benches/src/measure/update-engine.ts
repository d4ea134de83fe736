import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Operation } from '@vectorizer/contracts';
import type { Dataset } from '../data/dataset.ts';
import { payloadOf } from '../data/payload.ts';
import { updatePrefix } from '../kinds.ts';
import { figure, type Result } from '../outcome/result.ts';
import { quantile, ratios, spread } from '../outcome/statistics.ts';
import { BATCH, numbered, type Rounds } from '../setting.ts';
import type { BareGraph } from '../subjects/bare.ts';
import type { Engine } from '../subjects/engine.ts';
import { measureInTurns } from './search-loop.ts';
import { Series } from './series.ts';

/** Where changes leave dead elements, this many points are changed in all, so that no graph is rebuilt in a round. */
const CHANGED_SHARE = 0.3;
/** Of each way in a round's foreground; the rest of what may be changed is for processor time, which needs more. */
const FOREGROUND_MAX = 100;
/** Changes of one point before any is measured, until all that runs is compiled. */
const WARM_UP = 3_000;
/** What an update writes: the vector of another row, and a new payload. */
const SHIFT = 1;
/** A prime, as is the number two above it: what is no multiple of it is all visited once. */
const STRIDE = 6_269;

type Subjects = {
  readonly engine: Engine;
  readonly bare: BareGraph | undefined;
  /** Whether to change all points in the end, which takes as long as building the graph did. */
  readonly all: boolean;
};

/**
 * One atomic update (one entry) against delete + insert in hnswlib, which is what an engine pays that changes its graph in the
 * foreground, and against a delete and an insert on the same engine (an entry each, as two requests are).
 *
 * - Foreground: the time in `apply` while nothing else runs, one way after the other point by point; a round's figure is
 *   the median. Then as many changes of the bare graph.
 * - Processor: all that this process spends until the changes are in the graph and on disk, a block of each.
 */
export async function benchUpdate(
  { engine, bare, all }: Subjects,
  dataset: Dataset,
  rounds: Rounds,
): Promise<Result[]> {
  const prefix = updatePrefix(engine.kind);
  const changes = new Changes(engine, dataset);
  const perWay = (share: number): number => Math.floor((dataset.rows.length * share) / (2 * (rounds.count + 1)));
  const each = Math.min(FOREGROUND_MAX, Math.ceil(perWay(CHANGED_SHARE) / 2));
  bare?.reserve(each * (rounds.count + 1));
  await engine.reopen({ background: false });
  await changes.warmUp();
  const foreground: Foreground[] = [];
  for (const round of numbered(rounds)) {
    const measured = await foregroundUs(changes, bare, each);
    if (round > 0) foreground.push(measured);
  }
  await engine.reopen();
  const block = engine.dead > 0 ? perWay(CHANGED_SHARE) - each : perWay(1);
  const processor = await processorRounds(changes, { rounds, block: Math.max(1, block) });
  const [update, both, hnswlib] = (['update', 'both', 'bare'] as const).map((way) => foreground.map((it) => it[way]));
  return [
    figure(`${prefix}.engine.us`, 'µs', spread(update ?? [])),
    figure(`${prefix}.hnswlib.delete_insert_us`, 'µs', spread(hnswlib ?? [])),
    figure(`${prefix}.engine.speedup`, 'ratio', ratios(hnswlib ?? [], update ?? [])),
    figure(`${prefix}.engine.two_entries_us`, 'µs', spread(both ?? [])),
    figure(`${prefix}.engine.vs_two_entries`, 'ratio', ratios(both ?? [], update ?? [])),
    figure(`${prefix}.engine.cpu_us`, 'µs', spread(processor.update)),
    figure(`${prefix}.engine.two_entries_cpu_us`, 'µs', spread(processor.both)),
    figure(`${prefix}.engine.cpu_ratio`, 'ratio', ratios(processor.update, processor.both)),
    ...(all ? [await recallAfterAll(changes, { dataset, rounds })] : []),
  ];
}

type Foreground = Readonly<Record<'update' | 'both' | 'bare', number>>;

async function foregroundUs(changes: Changes, bare: BareGraph | undefined, each: number): Promise<Foreground> {
  const took: Record<'update' | 'both' | 'bare', number[]> = { update: [], both: [], bare: [] };
  const ways = [
    async () => took.update.push(await changes.update()),
    async () => took.both.push(await changes.deleteAndInsert()),
  ];
  for (let i = 0; i < each; i++) {
    // Each comes after itself as often as after the other, since what came before has filled the processor's caches.
    for (const way of i % 2 === 0 ? ways : ways.toReversed()) await way();
  }
  // Not in between: it would leave none of the caches to whichever comes next.
  for (let i = 0; i < each; i++) took.bare.push(bare === undefined ? NaN : changes.replaceIn(bare));
  return { update: medianUs(took.update), both: medianUs(took.both), bare: medianUs(took.bare) };
}

function medianUs(milliseconds: readonly number[]): number {
  return quantile(milliseconds, 0.5) * 1_000;
}

type Blocks = { readonly rounds: Rounds; readonly block: number };

async function processorRounds(
  changes: Changes,
  { rounds, block }: Blocks,
): Promise<Readonly<Record<'update' | 'both', readonly number[]>>> {
  const ways = { update: () => changes.update(), both: () => changes.deleteAndInsert() };
  const used: Record<'update' | 'both', number[]> = { update: [], both: [] };
  await changes.engine.drained();
  for (const round of numbered(rounds)) {
    // What is due now and then is done before, so that it falls on neither.
    await changes.engine.saveGraph();
    // Neither is always the one that finds more dead elements in the graph.
    for (const way of round % 2 === 0 ? (['update', 'both'] as const) : (['both', 'update'] as const)) {
      const us = await processorUs(changes.engine, ways[way], block);
      if (round > 0) used[way].push(us);
    }
  }
  return used;
}

/** Else that of earlier work falls on whichever way comes next. A flag that is set late shows in new contexts only. */
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Of every thread of this process, until nothing is left to do. */
async function processorUs(engine: Engine, change: () => Promise<number>, block: number): Promise<number> {
  collectGarbage();
  const before = process.cpuUsage();
  for (let i = 0; i < block; i++) await change();
  await engine.drained();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / block;
}

/** Gives every point another vector, and looks for the neighbours that follow from that. */
async function recallAfterAll(
  changes: Changes,
  { dataset, rounds }: { readonly dataset: Dataset; readonly rounds: Rounds },
): Promise<Result> {
  const { engine } = changes;
  const size = dataset.rows.length;
  for (let row = 0; row < size; row += BATCH) {
    await engine.apply(Array.from({ length: Math.min(BATCH, size - row) }, (_, i) => changes.updateOf(row + i)));
  }
  await engine.indexed();
  const { ask, rowsOf } = engine.search();
  const moved = { ask, rowsOf: (answer: unknown) => rowsOf(answer).map((id) => (id + SHIFT) % size) };
  const series = new Series(dataset.truth);
  const [measured] = await measureInTurns([moved], dataset.queries.length, rounds.milliseconds);
  if (measured !== undefined) series.add(measured);
  return figure(`${updatePrefix(engine.kind)}.recall`, 'recall', spread([series.recall]));
}

type Update = Extract<Operation, { kind: 'update' }> & { readonly vector: Float32Array };

/** Changes one point after the other; each is changed once, so that none is found in the buffer by the next change. */
class Changes {
  readonly engine: Engine;
  readonly #dataset: Dataset;
  #changed = 0;
  #replaced = 0;

  constructor(engine: Engine, dataset: Dataset) {
    this.engine = engine;
    this.#dataset = dataset;
  }

  /** Both ways, of one point, which stays in the buffer: one element is dead afterwards. */
  async warmUp(): Promise<void> {
    for (let i = 0; i < WARM_UP; i++) {
      const { id, vector, payload } = this.updateOf(0, i);
      await this.engine.apply([{ kind: 'update', id, vector, payload }]);
      await this.engine.apply([{ kind: 'delete', id }]);
      await this.engine.apply([{ kind: 'insert', id, vector, payload }]);
    }
  }

  async update(): Promise<number> {
    return this.engine.apply([this.#next()]);
  }

  async deleteAndInsert(): Promise<number> {
    const { id, vector, payload } = this.#next();
    const deleted = await this.engine.apply([{ kind: 'delete', id }]);
    return deleted + (await this.engine.apply([{ kind: 'insert', id, vector, payload }]));
  }

  replaceIn(bare: BareGraph): number {
    return bare.replaceNext(this.#vectorFor(this.#scattered(this.#replaced++)));
  }

  #next(): Update {
    const lap = Math.floor(this.#changed / this.#dataset.rows.length);
    // Another vector each time round.
    return this.updateOf(this.#scattered(this.#changed++), lap + SHIFT);
  }

  updateOf(row: number, shift = SHIFT): Update {
    const payload = JSON.stringify({ ...payloadOf(row), changed: true });
    return { kind: 'update', id: String(row), vector: this.#vectorFor(row + shift), payload };
  }

  /** Neighbours in a file are often neighbours in space, whose part of the graph the last change left in the caches. */
  #scattered(n: number): number {
    const { length } = this.#dataset.rows;
    return (n * (length % STRIDE === 0 ? STRIDE + 2 : STRIDE)) % length;
  }

  #vectorFor(row: number): Float32Array {
    const { rows } = this.#dataset;
    return rows[row % rows.length] ?? new Float32Array();
  }
}
