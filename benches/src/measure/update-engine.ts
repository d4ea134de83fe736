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

/** So many points are changed in all that no graph is rebuilt in the middle of a round: both ways leave as many dead. */
const CHANGED_SHARE = 0.3;
/** Of each way in a round's foreground; the rest of what may be changed is for processor time, which needs more. */
const FOREGROUND_MAX = 60;
/** What an update writes: the vector of another row, and a new payload. */
const SHIFT = 1;

type Subjects = { readonly engine: Engine; readonly bare?: BareGraph | undefined };

/**
 * One atomic update (one entry) against a delete and an insert (an entry each, as two requests are) on the same engine,
 * and against hnswlib's own delete + insert.
 *
 * - Foreground: the time in `apply`, one way after the other point by point; a round's figure is the median.
 * - Processor: all that this process spends until the changes are in the graph and on disk, a block of each.
 */
export async function benchUpdate({ engine, bare }: Subjects, dataset: Dataset, rounds: Rounds): Promise<Result[]> {
  const prefix = updatePrefix(engine.kind);
  const changes = new Changes(engine, dataset);
  const perWay = Math.floor((dataset.rows.length * CHANGED_SHARE) / (2 * (rounds.count + 1)));
  const each = Math.min(FOREGROUND_MAX, Math.ceil(perWay / 2));
  const block = Math.max(1, perWay - each);
  bare?.reserve(each * (rounds.count + 1));
  const foreground: Record<'update' | 'both' | 'bare', number[]> = { update: [], both: [], bare: [] };
  const processor: Record<'update' | 'both', number[]> = { update: [], both: [] };
  for (const round of numbered(rounds)) {
    const took = await foregroundUs(changes, bare, each);
    await engine.drained();
    const update = (): Promise<number> => processorUs(engine, () => changes.update(), block);
    const both = (): Promise<number> => processorUs(engine, () => changes.deleteAndInsert(), block);
    const used =
      round % 2 === 0 ? { update: await update(), both: await both() } : { both: await both(), update: await update() };
    if (round === 0) continue;
    for (const way of ['update', 'both', 'bare'] as const) foreground[way].push(took[way]);
    for (const way of ['update', 'both'] as const) processor[way].push(used[way]);
  }
  return [
    figure(`${prefix}.engine.us`, 'µs', spread(foreground.update)),
    figure(`${prefix}.engine.delete_insert_us`, 'µs', spread(foreground.both)),
    figure(`${prefix}.engine.speedup`, 'ratio', ratios(foreground.both, foreground.update)),
    figure(`${prefix}.hnswlib.delete_insert_us`, 'µs', spread(foreground.bare)),
    figure(`${prefix}.engine.vs_hnswlib`, 'ratio', ratios(foreground.bare, foreground.update)),
    figure(`${prefix}.engine.cpu_us`, 'µs', spread(processor.update)),
    figure(`${prefix}.engine.delete_insert_cpu_us`, 'µs', spread(processor.both)),
    figure(`${prefix}.engine.cpu_ratio`, 'ratio', ratios(processor.update, processor.both)),
    await recallAfterAll(changes, engine, { dataset, rounds }),
  ];
}

async function foregroundUs(
  changes: Changes,
  bare: BareGraph | undefined,
  each: number,
): Promise<Record<'update' | 'both' | 'bare', number>> {
  const took: Record<'update' | 'both' | 'bare', number[]> = { update: [], both: [], bare: [] };
  const ways = [
    async () => took.update.push(await changes.update()),
    async () => took.both.push(await changes.deleteAndInsert()),
    async () => took.bare.push(bare === undefined ? NaN : changes.replaceIn(bare)),
  ];
  for (let i = 0; i < each; i++) {
    // Each comes first, second and last equally often: what came before has filled the processor's caches.
    for (let turn = 0; turn < ways.length; turn++) await ways[(i + turn) % ways.length]?.();
  }
  return { update: medianUs(took.update), both: medianUs(took.both), bare: medianUs(took.bare) };
}

function medianUs(milliseconds: readonly number[]): number {
  return quantile(milliseconds, 0.5) * 1_000;
}

/** Of every thread of this process, until nothing is left to do. */
async function processorUs(engine: Engine, change: () => Promise<number>, each: number): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < each; i++) await change();
  await engine.drained();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / each;
}

/** Gives every point another vector, and looks for the neighbours that follow from that. */
async function recallAfterAll(
  changes: Changes,
  engine: Engine,
  { dataset, rounds }: { readonly dataset: Dataset; readonly rounds: Rounds },
): Promise<Result> {
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

/** Changes one point after the other; each is changed once, so that none is found in the buffer by the next change. */
class Changes {
  readonly #engine: Engine;
  readonly #dataset: Dataset;
  #row = 0;
  #label = 0;

  constructor(engine: Engine, dataset: Dataset) {
    this.#engine = engine;
    this.#dataset = dataset;
  }

  async update(): Promise<number> {
    return this.#engine.apply([this.updateOf(this.#row++)]);
  }

  async deleteAndInsert(): Promise<number> {
    const { id, vector, payload } = this.updateOf(this.#row++);
    const deleted = await this.#engine.apply([{ kind: 'delete', id }]);
    return deleted + (await this.#engine.apply([{ kind: 'insert', id, vector, payload }]));
  }

  replaceIn(bare: BareGraph): number {
    return bare.replace(this.#label++, this.#vectorFor(this.#label));
  }

  updateOf(row: number): Extract<Operation, { kind: 'update' }> & { readonly vector: Float32Array } {
    const payload = JSON.stringify({ ...payloadOf(row), changed: true });
    return { kind: 'update', id: String(row), vector: this.#vectorFor(row), payload };
  }

  #vectorFor(row: number): Float32Array {
    const { rows } = this.#dataset;
    return rows[(row + SHIFT) % rows.length] ?? new Float32Array();
  }
}
