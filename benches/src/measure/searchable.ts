import type { Dataset } from '../data/dataset.ts';
import { figure, type Result } from '../outcome/result.ts';
import { quantile, spread } from '../outcome/statistics.ts';
import { numbered, PATIENCE_MS, type Rounds } from '../setting.ts';
import type { Server } from '../subjects/server.ts';
import { nudged, PACED_BATCH, writeAtRate } from './paced-writer.ts';

const POINTS_PER_SECOND = 1_000;
/** Each probe is this much longer than the one before, of unit vectors: more than rounding, and little over a whole run. */
const LENGTHENED_BY = 1e-4;

/**
 * From the moment at which a write of new points is sent, until a search finds one of them. Meanwhile, one search after
 * the other is sent with that point's own vector (`eventual`, so that none waits for the write). One point at a time is
 * looked for, of the next batch that is sent; the search that found it is in the figure. By inner product a longer vector is
 * nearer, so what is looked for is longer than all before: real texts have so many near copies that it might not be found else.
 */
export async function benchSearchable(server: Server, dataset: Dataset, rounds: Rounds): Promise<Result[]> {
  const p50: number[] = [];
  const p99: number[] = [];
  const written: number[] = [];
  const prober = new Prober(server, dataset);
  for (const round of numbered(rounds)) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), rounds.milliseconds);
    const rate = await writeAtRate(POINTS_PER_SECOND, () => prober.writeBatch(), stop.signal);
    clearTimeout(timer);
    const latencies = prober.take();
    if (round === 0) continue;
    p50.push(quantile(latencies, 0.5));
    p99.push(quantile(latencies, 0.99));
    written.push(rate);
  }
  return [
    figure('ingest.searchable_p50_ms', 'ms', spread(p50)),
    figure('ingest.searchable_p99_ms', 'ms', spread(p99)),
    figure('ingest.searchable.written_per_s', 'points/s', spread(written)),
  ];
}

class Prober {
  readonly #server: Server;
  readonly #dataset: Dataset;
  #latenciesMs: number[] = [];
  #looking = false;
  #length = 1 + 100 * LENGTHENED_BY;
  /** New ids, beyond those of the data set. */
  #next: number;

  constructor(server: Server, dataset: Dataset) {
    this.#server = server;
    this.#dataset = dataset;
    this.#next = dataset.rows.length;
  }

  async writeBatch(): Promise<void> {
    const { rows } = this.#dataset;
    const points = Array.from({ length: PACED_BATCH }, () => {
      const id = this.#next++;
      return { id, vector: nudged(rows[id % rows.length] ?? new Float32Array(), id) };
    });
    const probe = this.#looking ? undefined : points[0];
    if (probe !== undefined) probe.vector = probe.vector.map((x) => x * this.#length);
    this.#length += LENGTHENED_BY;
    const sent = performance.now();
    const written = this.#server.upsert(points, 'logged');
    await Promise.all([written, probe === undefined ? undefined : this.#look(probe, sent)]);
  }

  take(): readonly number[] {
    const taken = this.#latenciesMs;
    this.#latenciesMs = [];
    return taken;
  }

  async #look(probe: { readonly id: number; readonly vector: Float32Array }, sent: number): Promise<void> {
    this.#looking = true;
    while (!(await this.#server.finds(probe.vector, probe.id))) {
      if (performance.now() - sent > PATIENCE_MS) throw new Error('a written point was never found');
    }
    this.#latenciesMs.push(performance.now() - sent);
    this.#looking = false;
  }
}
