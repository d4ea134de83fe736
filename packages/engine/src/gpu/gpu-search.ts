import type { Metric } from '@vectorizer/contracts';
import { MAP_READ, USAGE, type GpuDevice } from './gpu-device.ts';
import { layoutOf, pipelinesOf, type Pipelines } from './pipelines.ts';
import {
  ANSWER_HEADER_WORDS,
  GROUP,
  KEYS_OF_THREAD,
  QUERIES_OF_PASS,
  ROUNDS,
  ROWS_OF_GROUP,
  SELECTION_WORDS,
} from './kernels.ts';
import { ReadBuffers } from './read-buffers.ts';
import type { RowSegments } from './row-segments.ts';

/** Uniforms of one dispatch are at a multiple of this. */
const SLOT_BYTES = 256;
const GROUPS_MAX = 65_535;
const NO_MASK = 0xffff_ffff;
/** Rows that tie with the last place and are answered beyond it. */
const TIES = 256;
/** Together in one batch, if there is memory for their keys. */
export const BATCH_MAX = 64;

/** A bit for each row that may be found. */
export type RowMask = Uint32Array;
export type GpuQuery = { readonly vector: Float32Array; readonly k: number; readonly mask?: RowMask | undefined };
export type GpuRows = { readonly segments: RowSegments; readonly count: number; readonly metric: Metric };
/** Rows with a key that sorts like their score, in no order. */
export type GpuAnswer = { readonly rows: Uint32Array; readonly keys: Uint32Array };

type Buffers = Record<'parameters' | 'vectors' | 'queries' | 'masks' | 'keys' | 'selections' | 'answers', GPUBuffer>;
const USAGES: Record<keyof Buffers, number> = {
  parameters: USAGE.uniform | USAGE.copyTarget,
  vectors: USAGE.storage | USAGE.copyTarget,
  queries: USAGE.storage | USAGE.copyTarget,
  masks: USAGE.storage | USAGE.copyTarget,
  keys: USAGE.storage,
  selections: USAGE.storage | USAGE.copyTarget,
  answers: USAGE.storage | USAGE.copySource,
};

/**
 * Searches rows for batches of queries. One for each device: batches are worked off in the order of their calls, so all
 * indexes share the buffers that a batch needs on its way.
 */
export class GpuSearch {
  readonly #device: GpuDevice;
  readonly #layout: GPUBindGroupLayout;
  readonly #pipelines = new Map<Metric, Pipelines>();
  readonly #buffers: Partial<Buffers> = {};
  readonly #reads: ReadBuffers;
  /** By the segment, as long as the shared buffers stay the same. */
  #bindGroups = new WeakMap<GPUBuffer, GPUBindGroup>();
  #stamp = 0;

  constructor(device: GpuDevice) {
    this.#device = device;
    this.#layout = layoutOf(device.device);
    this.#reads = new ReadBuffers(device);
  }

  /** How many queries over so many rows make a batch; 0 when the rows are too many for the device. */
  batchMax(rows: number): number {
    const keys = Math.floor(this.#device.device.limits.maxStorageBufferBindingSize / (Math.max(1, rows) * 4));
    return Math.min(BATCH_MAX, keys);
  }

  /** The rows are as they are at the time of the call. Rejects when the device does not do it. */
  async run(rows: GpuRows, queries: readonly GpuQuery[]): Promise<GpuAnswer[]> {
    const failure = Promise.withResolvers<never>();
    failure.promise.catch(() => undefined);
    const fail = (reason: string): void => failure.reject(new Error(reason));
    const stopListening = this.#device.onLost(fail);
    const words = ANSWER_HEADER_WORDS + 2 * (Math.max(...queries.map(({ k }) => k)) * 2 + TIES);
    const stamp = (this.#stamp = (this.#stamp % 0x7fff_ffff) + 1);
    const read = this.#device.watch(() => this.#submit(rows, queries, { words, stamp, fail }), fail);
    try {
      const done = this.#device.bounded(read.mapAsync(MAP_READ));
      done.catch(() => undefined);
      await Promise.race([done, failure.promise]);
      const answers = new Uint32Array(read.getMappedRange(0, words * 4 * queries.length).slice(0));
      this.#reads.giveBack(read);
      return queries.map(({ k }, q) => answerIn(answers.subarray(q * words, (q + 1) * words), { k, stamp }));
    } catch (cause) {
      read.destroy();
      throw cause;
    } finally {
      stopListening();
    }
  }

  /** Answers the buffer that the answers are copied to. */
  #submit(rows: GpuRows, queries: readonly GpuQuery[], batch: Batch): GPUBuffer {
    const { device } = this.#device;
    const parts = [...rows.segments.parts(rows.count)];
    const passes = passesOf(queries.length);
    const bytes = batch.words * 4 * queries.length;
    this.#fill(rows, queries, batch);
    this.#ensure('keys', rows.count * queries.length * 4, batch);
    this.#ensure('answers', bytes, batch);
    this.#ensure('selections', SELECTION_WORDS * 4 * queries.length, batch);
    const slots = passes.flatMap(({ first, count: together }) =>
      parts.map(({ base, count }) => [
        rows.count,
        rows.segments.width,
        base,
        count,
        batch.stamp,
        batch.words,
        first,
        together,
      ]),
    );
    this.#put('parameters', packed(slots), batch);
    const groups = parts.map(({ buffer }) => this.#bind(buffer));
    const encoder = device.createCommandEncoder();
    encoder.clearBuffer(this.#buffer('selections'), 0, SELECTION_WORDS * 4 * queries.length);
    const pass = encoder.beginComputePass();
    const pipelines = this.#pipelinesFor(rows.metric);
    for (const [p, { count: together }] of passes.entries()) {
      pass.setPipeline(together === 1 ? pipelines.scoreOne : pipelines.scoreMany);
      for (const [s, part] of parts.entries()) {
        pass.setBindGroup(0, groups[s] ?? null, [(p * parts.length + s) * SLOT_BYTES]);
        pass.dispatchWorkgroups(Math.min(GROUPS_MAX, Math.ceil(part.count / ROWS_OF_GROUP)));
      }
    }
    pass.setBindGroup(0, groups[0] ?? null, [0]);
    select(pass, pipelines, { queries: queries.length, rows: rows.count });
    pass.end();
    const read = this.#reads.take(bytes, batch.fail);
    encoder.copyBufferToBuffer(this.#buffer('answers'), 0, read, 0, bytes);
    device.queue.submit([encoder.finish()]);
    return read;
  }

  /** The queries and their masks. */
  #fill({ segments, count }: GpuRows, queries: readonly GpuQuery[], batch: Batch): void {
    const stride = segments.width * 4;
    const vectors = new Float32Array(queries.length * stride);
    const maskWords = Math.ceil(count / 32);
    const masks = new Uint32Array(Math.max(1, queries.filter(({ mask }) => mask !== undefined).length * maskWords));
    const asked = new Uint32Array(queries.length * 2);
    let used = 0;
    for (const [q, { vector, k, mask }] of queries.entries()) {
      vectors.set(vector, q * stride);
      asked.set([k, mask === undefined ? NO_MASK : used], q * 2);
      if (mask === undefined) continue;
      // Rows may have become fewer since the mask was made.
      masks.set(mask.subarray(0, maskWords), used);
      used += maskWords;
    }
    this.#put('vectors', vectors, batch);
    this.#put('queries', asked, batch);
    this.#put('masks', masks, batch);
  }

  #put(name: keyof Buffers, bytes: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>, batch: Batch): void {
    this.#ensure(name, bytes.byteLength, batch);
    this.#device.device.queue.writeBuffer(this.#buffer(name), 0, bytes);
  }

  /** Batches under way keep the buffer that they were submitted with. */
  #ensure(name: keyof Buffers, bytes: number, { fail }: Batch): void {
    const old = this.#buffers[name];
    if (old !== undefined && old.size >= bytes) return;
    const { maxStorageBufferBindingSize } = this.#device.device.limits;
    const size = Math.max(bytes, Math.min(2 ** Math.ceil(Math.log2(bytes)), maxStorageBufferBindingSize), 256);
    old?.destroy();
    const buffer = this.#device.allocate(size, USAGES[name], (reason) => {
      if (this.#buffers[name] === buffer) delete this.#buffers[name];
      fail(reason);
    });
    this.#buffers[name] = buffer;
    this.#bindGroups = new WeakMap();
  }

  #buffer(name: keyof Buffers): GPUBuffer {
    const buffer = this.#buffers[name];
    if (buffer === undefined) throw new Error(`there is no buffer of ${name}`);
    return buffer;
  }

  #bind(segment: GPUBuffer): GPUBindGroup {
    const known = this.#bindGroups.get(segment);
    if (known !== undefined) return known;
    const names = ['vectors', 'queries', 'masks', 'keys', 'selections', 'answers'] as const;
    const group = this.#device.device.createBindGroup({
      layout: this.#layout,
      entries: [
        { binding: 0, resource: { buffer: this.#buffer('parameters'), size: 32 } },
        { binding: 1, resource: { buffer: segment } },
        ...names.map((name, i) => ({ binding: 2 + i, resource: { buffer: this.#buffer(name) } })),
      ],
    });
    this.#bindGroups.set(segment, group);
    return group;
  }

  #pipelinesFor(metric: Metric): Pipelines {
    let pipelines = this.#pipelines.get(metric);
    if (pipelines === undefined) {
      pipelines = pipelinesOf(this.#device.device, this.#layout, metric);
      this.#pipelines.set(metric, pipelines);
    }
    return pipelines;
  }
}

type Batch = { readonly words: number; readonly stamp: number; readonly fail: (reason: string) => void };

function select(pass: GPUComputePassEncoder, pipelines: Pipelines, size: { queries: number; rows: number }): void {
  const groups = Math.min(GROUPS_MAX, Math.ceil(size.rows / (GROUP * KEYS_OF_THREAD)));
  for (const round of ROUNDS.keys()) {
    const { count, pick } = pipelines.rounds[round] ?? {};
    if (count === undefined || pick === undefined) throw new Error('each round has its kernels');
    pass.setPipeline(count);
    pass.dispatchWorkgroups(groups, size.queries);
    pass.setPipeline(pick);
    pass.dispatchWorkgroups(1, size.queries);
  }
  pass.setPipeline(pipelines.gather);
  pass.dispatchWorkgroups(groups, size.queries);
  pass.setPipeline(pipelines.conclude);
  pass.dispatchWorkgroups(1, size.queries);
}

function passesOf(queries: number): { readonly first: number; readonly count: number }[] {
  return Array.from({ length: Math.ceil(queries / QUERIES_OF_PASS) }, (_, i) => {
    const first = i * QUERIES_OF_PASS;
    return { first, count: Math.min(QUERIES_OF_PASS, queries - first) };
  });
}

function packed(slots: readonly (readonly number[])[]): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array((slots.length * SLOT_BYTES) / 4);
  for (const [i, slot] of slots.entries()) words.set(slot, (i * SLOT_BYTES) / 4);
  return words;
}

/** Those above the last place, then those that tie with it. */
function answerIn(words: Uint32Array, batch: { readonly k: number; readonly stamp: number }): GpuAnswer {
  const [stamp, above = 0, ties = 0] = words;
  if (stamp !== batch.stamp) throw new Error('the device has not done its work');
  const room = (words.length - ANSWER_HEADER_WORDS) / 2;
  const [rows, keys]: [number[], number[]] = [[], []];
  const take = (place: number): void => {
    rows.push(words[ANSWER_HEADER_WORDS + place * 2] ?? 0);
    keys.push(words[ANSWER_HEADER_WORDS + place * 2 + 1] ?? 0);
  };
  for (let place = 0; place < above; place++) take(place);
  for (let place = batch.k; place < Math.min(batch.k + ties, room); place++) take(place);
  return { rows: Uint32Array.from(rows), keys: Uint32Array.from(keys) };
}
