import { describe, expect, it } from '@jest/globals';
import { byRank, exactScore, type Filter, type Metric } from '@vectorizer/contracts';
import { seededRandom, until, type SeededRandom } from '@vectorizer/testing';
import { compileFilter } from '../filter/compile.ts';
import { PayloadIndexes } from '../payload-index/payload-indexes.ts';
import { RowCodes } from '../payload-index/row-codes.ts';
import type { PointRecord } from '../state/record.ts';
import { candidatesOf } from './planned.ts';

const [DIMENSION, POINTS] = [8, 250];

/** A plain map of points, with an index on `n` and none on `note`. */
class Points {
  points: ReadonlyMap<string, PointRecord> = new Map();
  readonly indexes: PayloadIndexes;
  readonly #random: SeededRandom;
  #sequence = 0;

  constructor(metric: Metric, random: SeededRandom) {
    this.#random = random;
    this.indexes = new PayloadIndexes({
      source: { point: (id) => this.points.get(id), idBatches: () => [[...this.points.keys()]] },
      newCodes: () => new RowCodes({ metric, dimension: DIMENSION }),
      onFailure: (cause) => {
        throw cause;
      },
    });
    this.indexes.declare([{ key: 'n', type: 'integer' }]);
    this.indexes.start();
  }

  /** Some points get another vector, another payload or both; some go and others come. */
  change(count: number): void {
    const version = ++this.#sequence;
    const changes = new Map<string, PointRecord | undefined>();
    for (let i = 0; i < count; i++) {
      const id = `p${this.#random.int(POINTS)}`;
      const [before, what] = [this.points.get(id), this.#random.int(4)];
      const payload = JSON.stringify({ n: this.#random.int(4), note: this.#random.int(3) });
      if (what === 0) changes.set(id, undefined);
      else if (what === 1 && before !== undefined) changes.set(id, { ...before, version, payload });
      else changes.set(id, { version, vectorVersion: version, vector: this.#random.vector(DIMENSION), payload });
    }
    const before = new Map([...changes.keys()].map((id) => [id, this.points.get(id)]));
    this.indexes.show({ points: changes, before }, new Map());
    const next = new Map([...this.points, ...changes]);
    this.points = new Map([...next].flatMap(([id, record]) => (record === undefined ? [] : [[id, record]])));
  }

  async ready(): Promise<void> {
    const isReady = (): boolean => this.indexes.report().every(({ state }) => state === 'ready');
    await until(isReady, { what: 'the index being ready' });
  }
}

const n = { key: 'n', range: { lt: 2 } } as const;
const note = { key: 'note', match: { value: 1 } } as const;
/** Known exactly, partly and not at all: the index is on `n`. */
const filters: Filter[] = [{ must: [n] }, { should: [n, note] }, { must: [n, note] }, { must: [note] }, {}];
const metrics: Metric[] = ['cosine', 'dot', 'euclidean'];

describe('a search of candidates in slices', () => {
  it.each(metrics)(
    'answers from the state in which it began, whatever changes between any two slices: %s',
    async (metric) => {
      const random = seededRandom(metric.length);
      const model = new Points(metric, random);
      for (let i = 0; i < 3; i++) model.change(POINTS);
      await model.ready();
      let turns = 0;
      for (let round = 0; round < 15; round++) {
        const filter = filters[round % filters.length] ?? {};
        const { points } = model;
        const plan = model.indexes.plan(filter);
        if (plan === undefined) throw new Error('the index is ready');
        const vector = random.vector(DIMENSION);
        // Every other time that it is asked, so that something is done in each slice.
        let asks = 0;
        const slices = {
          get due(): boolean {
            return ++asks % 2 === 1;
          },
          next(): Promise<void> {
            turns += 1;
            model.change(1 + random.int(60));
            return Promise.resolve();
          },
        };
        const asked = {
          vector,
          metric,
          k: 1 + random.int(20),
          exact: round % 3 !== 0,
          with_payload: false,
          with_vector: false,
        };
        const found = await candidatesOf({ point: (id) => points.get(id) }, plan, { ...asked, filter, slices });
        const matches = compileFilter(filter);
        const wanted = [...points]
          .filter(([id, { payload }]) => matches(id, payload))
          .map(([id, record]) => ({ id, record, score: exactScore(metric, record.vector, vector) }))
          .toSorted(byRank)
          .slice(0, asked.k);
        expect(found).toEqual(wanted);
      }
      expect(turns).toBeGreaterThan(100);
      await model.indexes.stop();
    },
  );
});
