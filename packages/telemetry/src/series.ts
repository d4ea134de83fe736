import { register, type Histogram } from 'prom-client';
import { histogram, type HistogramOptions } from './metrics.ts';

export type Observer = { observe(value: number): void };

/**
 * A histogram of what is observed with each request, by the values of its labels: values are counted in a row, when there are
 * many or when metrics are printed. To count one by one costs three times as much, since each search empties the processor's
 * caches. Whatever is observed of its name is to be observed so.
 */
export class SeriesSet {
  readonly #metric: Histogram;
  readonly #known = new Map<string, Gathered>();

  constructor(options: Omit<HistogramOptions<string>, 'collect'>) {
    const collect = (): void => {
      for (const each of this.#known.values()) each.count();
    };
    if (register.getSingleMetric(options.name) !== undefined)
      throw new TypeError(`metric ${options.name} exists, and would not count what is gathered`);
    this.#metric = histogram({ ...options, collect });
  }

  of(...labels: readonly string[]): Observer {
    const key = keyOf(labels);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = new Gathered(this.#metric.labels(...labels));
    this.#known.set(key, made);
    return made;
  }

  remove(...labels: readonly string[]): void {
    this.#known.delete(keyOf(labels));
    this.#metric.remove(...labels);
  }
}

const allSeries = new Map<string, SeriesSet>();

/** The same for everyone who asks for a name. */
export function series(options: Omit<HistogramOptions<string>, 'collect'>): SeriesSet {
  const known = allSeries.get(options.name) ?? new SeriesSet(options);
  allSeries.set(options.name, known);
  return known;
}

/** Time that searches spend in one stage, whichever part of a process it is. */
export function searchStage(stage: string): Observer {
  const name = 'vectorizer_search_stage_seconds';
  const help = 'Time that the searches of one call spend in a stage';
  return series({ name, help, labelNames: ['stage'] }).of(stage);
}

/** Half a kilobyte for each series, of which there are some for each collection. */
const GATHERED_MAX = 64;

class Gathered implements Observer {
  readonly #counted: Observer;
  readonly #values = new Float64Array(GATHERED_MAX);
  #waiting = 0;

  constructor(counted: Observer) {
    this.#counted = counted;
  }

  observe(value: number): void {
    if (!Number.isFinite(value)) throw new TypeError(`a metric cannot count ${value}`);
    this.#values[this.#waiting] = value;
    this.#waiting += 1;
    if (this.#waiting === GATHERED_MAX) this.count();
  }

  count(): void {
    const waiting = this.#values.subarray(0, this.#waiting);
    this.#waiting = 0;
    for (const value of waiting) this.#counted.observe(value);
  }
}

function keyOf(labels: readonly string[]): string {
  return labels.join('\0');
}
