import { setTimeout as sleep } from 'node:timers/promises';
import { VectorizerClient } from '@vectorizer/client';
import type { Dataset } from '../data/dataset.ts';
import { figure, type Result } from '../outcome/result.ts';
import { spread } from '../outcome/statistics.ts';
import { numbered, type Rounds } from '../setting.ts';
import { startSystem, type System } from '../subjects/system.ts';
import { nudged, PACED_BATCH, writeAtRate } from './paced-writer.ts';

/** Nobody tells how replicas are, and nobody looks at the logs, within a run. */
const NEVER = {
  VECTORIZER_HEARTBEAT_MS: '600000',
  VECTORIZER_LOOK_INTERVAL_MS: '600000',
  VECTORIZER_DISCONNECTED_AFTER_MS: '3600000',
};
const SHARDS = 4;
const POINTS = 1_000;
const POINTS_PER_SECOND = 100;
/** Some heartbeats. */
const ROUND_MS_MIN = 4_000;

/**
 * What heartbeats, statistics and the comparing of replicas take of a processor: of two servers that do the same work at the same time,
 * one with them and one without, the difference of the processor time. It does not depend on how fast the machine is otherwise.
 */
export async function benchStatsCost(dataset: Dataset, rounds: Rounds): Promise<Result[]> {
  await using withStats = await Subject.start(dataset);
  await using without = await Subject.start(dataset, NEVER);
  const shares: number[] = [];
  const total: number[] = [];
  const ms = Math.max(ROUND_MS_MIN, rounds.milliseconds);
  for (const round of numbered(rounds)) {
    const [all, rest] = await Promise.all([withStats.work(ms), without.work(ms)]);
    if (round === 0) continue;
    shares.push(all - rest);
    total.push(all);
  }
  return [
    figure('replication.stats_cost', 'cores', spread(shares)),
    figure('replication.stats_cost.of', 'cores', spread(total)),
  ];
}

/** A server with a collection of some shards, to which little is written. */
class Subject implements AsyncDisposable {
  readonly #system: System;
  readonly #client: VectorizerClient;
  readonly #dataset: Dataset;
  #next = 0;

  private constructor(system: System, dataset: Dataset) {
    this.#system = system;
    this.#client = new VectorizerClient({ url: system.url });
    this.#dataset = dataset;
  }

  static async start(dataset: Dataset, settings: Readonly<Record<string, string>> = {}): Promise<Subject> {
    const subject = new Subject(await startSystem(settings), dataset);
    const { dimension } = dataset;
    await subject.#client.createCollection({ name: 'bench', dimension, metric: 'dot', shards: SHARDS });
    return subject;
  }

  /** Answers how many processors it took. */
  async work(ms: number): Promise<number> {
    const stop = new AbortController();
    const startedMs = performance.now();
    const before = this.#system.processorMs();
    const writing = writeAtRate(POINTS_PER_SECOND, async () => this.#write(), stop.signal);
    await sleep(ms);
    stop.abort();
    await writing;
    return (this.#system.processorMs() - before) / (performance.now() - startedMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
    await this.#system[Symbol.asyncDispose]();
  }

  async #write(): Promise<void> {
    const points = Array.from({ length: PACED_BATCH }, () => {
      const row = this.#next++;
      const vector = this.#dataset.rows[row % this.#dataset.rows.length] ?? new Float32Array(this.#dataset.dimension);
      return { id: String(row % POINTS), vector: nudged(vector, row) };
    });
    await this.#client.upsert('bench', points, { wait: 'applied' });
  }
}
