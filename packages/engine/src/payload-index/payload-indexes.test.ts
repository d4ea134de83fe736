import assert from 'node:assert/strict';
import { describe, expect, it } from '@jest/globals';
import { type Filter, type PayloadIndex, PayloadIndexType } from '@vectorizer/contracts';
import { seededRandom, until, type SeededRandom } from '@vectorizer/testing';
import { Slices } from '../apply/slices.ts';
import { compileFilter } from '../filter/compile.ts';
import type { PointRecord } from '../state/record.ts';
import { PayloadIndexes } from './payload-indexes.ts';
import { KEYS, randomFilter, randomPayload } from './random-filter.ts';
import { RowCodes } from './row-codes.ts';

/** Indexes over a plain map of points, changed as a shard does it. */
class Points {
  readonly points = new Map<string, PointRecord>();
  readonly indexes: PayloadIndexes;
  #sequence = 0;

  constructor() {
    this.indexes = new PayloadIndexes({
      source: { point: (id) => this.points.get(id), idBatches: () => this.#batches() },
      newCodes: () => new RowCodes({ metric: 'dot', dimension: 2 }),
      onFailure: (cause) => {
        throw cause;
      },
    });
  }

  async apply(payloads: ReadonlyMap<string, string | null | undefined>): Promise<void> {
    this.#sequence += 1;
    const changes = {
      points: new Map([...payloads].map(([id, payload]) => [id, this.#next(id, payload)])),
      before: new Map([...payloads.keys()].map((id) => [id, this.points.get(id)])),
    };
    const staged = await this.indexes.stage(changes, new Slices());
    this.indexes.show(changes, staged);
    for (const [id, next] of changes.points) {
      if (next === undefined) this.points.delete(id);
      else this.points.set(id, next);
    }
  }

  /** What the indexes say of a filter, the payloads asked where they are not sure. */
  planned(filter: Filter): { readonly ids: string[]; readonly unsure: number } | undefined {
    const plan = this.indexes.plan(filter);
    if (plan === undefined) return undefined;
    const { sureSlots: sure, doubtfulSlots: doubtful } = plan;
    assert.deepEqual(
      [...plan.possible.toArray()],
      [...sure, ...doubtful].toSorted((a, b) => a - b),
    );
    const idsOf = (slots: Uint32Array): string[] => Array.from(slots, (slot) => plan.slots.idOf(slot) ?? 'nobody');
    const found = idsOf(doubtful).filter((id) => plan.matches(id, this.points.get(id)?.payload ?? null));
    return { ids: [...idsOf(sure), ...found].toSorted(), unsure: doubtful.length };
  }

  scanned(filter: Filter): string[] {
    const matches = compileFilter(filter);
    return [...this.points].flatMap(([id, { payload }]) => (matches(id, payload) ? [id] : [])).toSorted();
  }

  async ready(): Promise<void> {
    const isReady = (): boolean => this.indexes.report().every(({ state }) => state === 'ready');
    await until(isReady, { what: 'the indexes being ready' });
  }

  /** As of the call, in small batches. */
  *#batches(): Generator<readonly string[]> {
    const ids = [...this.points.keys()];
    for (let i = 0; i < ids.length; i += 7) yield ids.slice(i, i + 7);
  }

  #next(id: string, payload: string | null | undefined): PointRecord | undefined {
    if (payload === undefined) return undefined;
    const before = this.points.get(id);
    const vectorVersion = before?.vectorVersion ?? this.#sequence;
    return { version: this.#sequence, vectorVersion, vector: Float32Array.of(1, 0), payload };
  }
}

function randomEntry(random: SeededRandom): Map<string, string | null | undefined> {
  return new Map(
    Array.from({ length: 1 + random.int(8) }, () => [
      `p${random.int(60)}`,
      random.int(4) === 0 ? undefined : randomPayload(random),
    ]),
  );
}

const types = PayloadIndexType.options;
const index = (key: string, type: PayloadIndex['type']): PayloadIndex => ({ key, type });

describe('payload indexes', () => {
  it.each(Array.from({ length: 8 }, (_, seed) => seed))(
    'find what a look at every payload finds, for random writes, declarations and filters (seed %d)',
    async (seed) => {
      const random = seededRandom(seed);
      const model = new Points();
      model.indexes.start();
      const wrong: Filter[] = [];
      // Some filters are asked again after every change, as plans of them are kept.
      const repeated = Array.from({ length: 10 }, () => randomFilter(random));
      let compared = 0;
      for (let round = 0; round < 40; round++) {
        if (random.int(5) === 0) {
          const keys = KEYS.filter(() => random.int(2) === 0);
          model.indexes.declare(keys.map((key) => index(key, random.pick(types))));
        }
        for (let entry = 0; entry < 5; entry++) await model.apply(randomEntry(random));
        if (random.int(2) === 0) await model.ready();
        for (let i = 0; i < 25; i++) {
          const filter = repeated[i] ?? randomFilter(random);
          const planned = model.planned(filter);
          if (planned === undefined) continue;
          compared += 1;
          if (planned.ids.join() !== model.scanned(filter).join()) wrong.push(filter);
        }
      }
      await model.indexes.stop();
      expect(wrong).toEqual([]);
      expect(compared).toBeGreaterThan(300);
    },
  );

  it.each([
    ['word', 'keyword', { match: { any: ['a', 'c'] } }],
    ['word', 'keyword', { match: { except: ['a'] } }],
    ['n', 'integer', { range: { gt: 1 } }],
    ['n', 'float', { match: { value: 2 } }],
    ['flag', 'bool', { match: { value: true } }],
    ['at', 'datetime', { range: { gte: '2026-01-01T00:00:00Z' } }],
    ['place', 'geo', { geo_radius: { center: { lat: 0, lon: 0 }, radius_m: 2e6 } }],
    ['word', 'keyword', { exists: false }],
    ['n', 'integer', { is_null: true }],
  ] as const)('answer for values of their own type without a payload: %s as %s, %j', async (key, type, condition) => {
    const model = new Points();
    const payload = { word: 'a', n: 2, flag: true, at: '2026-02-01', place: { lat: 1, lon: 1 } };
    for (let i = 0; i < 50; i++) {
      const entry =
        i % 2 === 0 ? payload : { word: 'b', n: i, flag: false, at: '2025-01-01', place: { lat: 60, lon: 1 } };
      await model.apply(new Map([[`p${i}`, JSON.stringify(entry)]]));
    }
    model.indexes.declare([index(key, type)]);
    model.indexes.start();
    await model.ready();
    const filter = { must: [{ key, ...condition } as NonNullable<Filter['must']>[number]] };
    expect(model.planned(filter)).toEqual({ ids: model.scanned(filter), unsure: 0 });
  });

  it('are built while writes go on, and are then as if they had been there from the start', async () => {
    const random = seededRandom(99);
    const [late, early] = [new Points(), new Points()];
    const definitions = KEYS.map((key, i) => index(key, types[i % types.length] ?? 'keyword'));
    early.indexes.start();
    early.indexes.declare(definitions);
    late.indexes.start();
    const write = async (): Promise<void> => {
      const entry = randomEntry(random);
      await Promise.all([late.apply(entry), early.apply(entry)]);
    };
    for (let i = 0; i < 300; i++) await write();
    late.indexes.declare(definitions);
    let during = 0;
    for (; late.indexes.report().some(({ state }) => state === 'building'); during++) {
      await write();
      await new Promise(setImmediate);
    }
    expect(during).toBeGreaterThan(0);
    await early.ready();
    expect(late.indexes.report()).toEqual(early.indexes.report());
    for (let i = 0; i < 200; i++) {
      const filter = randomFilter(random);
      expect(late.planned(filter)?.ids).toEqual(early.planned(filter)?.ids);
    }
  });

  it('keep the plan of a filter until a payload changes, or a point comes or goes', async () => {
    const model = new Points();
    await model.apply(new Map([['a', '{"n":1}']]));
    model.indexes.start();
    model.indexes.declare([index('n', 'integer')]);
    await model.ready();
    const plan = (): unknown => model.indexes.plan({ must: [{ key: 'n', match: { value: 1 } }] });
    const first = plan();
    await model.apply(new Map([['a', '{"n":1}']]));
    expect(plan()).toBe(first);
    const changes = [{ a: '{"n":2}' }, { b: '{"n":1}' }, { c: null }, { b: undefined }];
    for (const change of changes) {
      const before = plan();
      await model.apply(new Map(Object.entries(change)));
      expect(plan()).not.toBe(before);
    }
    const last = plan();
    model.indexes.declare([index('n', 'integer'), index('word', 'keyword')]);
    expect(plan()).not.toBe(last);
  });

  it('are gone at once when they are dropped', async () => {
    const model = new Points();
    await model.apply(new Map([['a', '{"word":"x"}']]));
    model.indexes.start();
    model.indexes.declare([index('word', 'keyword'), index('n', 'integer')]);
    await model.ready();
    expect([model.indexes.indexed('word'), model.indexes.indexed('n')]).toEqual([true, true]);
    model.indexes.declare([index('n', 'integer')]);
    expect([model.indexes.indexed('word'), model.indexes.indexed('n')]).toEqual([false, true]);
    model.indexes.declare([]);
    expect(model.indexes.plan({})).toBeUndefined();
    await model.apply(new Map([['b', '{"n":1}']]));
    model.indexes.declare([index('n', 'integer')]);
    await model.ready();
    expect(model.indexes.report()).toEqual([{ key: 'n', type: 'integer', state: 'ready', points: 1 }]);
  });
});
