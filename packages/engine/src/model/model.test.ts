import assert from 'node:assert/strict';
import { readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { limits, Metric, Quantization, type SearchSpec } from '@vectorizer/contracts';
import { Reseedable, temporaryDirectory, until } from '@vectorizer/testing';
import { Shard, type ShardOptions } from '../shard/shard.ts';
import { digestOf, StateHash } from '../state/state-hash.ts';
import { DEAD_SHARE_MAX } from '../vector/graph-index.ts';
import { copyOfAMoment } from './copy-of-a-moment.ts';
import { EntryGenerator, TAGS, type RandomEntry } from './random-entry.ts';
import { Reference, type ReferencePoint } from './reference.ts';

const DIMENSION = 4;
const REQUESTS_MAX = 30;
const STEPS_MAX = 400;
/** Small, so that graphs are built anew while they are written to. */
const DEAD_MIN = 8;
/**
 * How long all settings together are tried, and from which seed: `VECTORIZER_MODEL_SECONDS=3600 VECTORIZER_MODEL_SEED=7`
 * tries for an hour what nobody has tried.
 */
// oxlint-disable-next-line node/no-process-env -- a test has no other configuration
const { VECTORIZER_MODEL_SECONDS: seconds = '120', VECTORIZER_MODEL_SEED: firstSeed = '1' } = process.env;
const fields = { with_payload: true, with_vector: true };

/** A shard beside its reference, and the log that both were fed, so that a shard can be restarted from any state. */
class Trial {
  readonly reference: Reference;
  readonly random: Reseedable;
  readonly #options: Omit<ShardOptions, 'directory'>;
  readonly #root: string;
  readonly #log: RandomEntry[] = [];
  readonly #generator: EntryGenerator;
  #lives = 0;
  #wanted = 0;
  #found = 0;
  #rebuilt = 0;
  shard: Shard;

  private constructor(setting: {
    root: string;
    metric: Metric;
    random: Reseedable;
    shard: Shard;
    options: Omit<ShardOptions, 'directory'>;
  }) {
    this.#root = setting.root;
    this.random = setting.random;
    this.shard = setting.shard;
    this.#options = setting.options;
    this.#generator = new EntryGenerator(setting.random, DIMENSION);
    this.reference = new Reference({ dimension: DIMENSION, metric: setting.metric, requestsMax: REQUESTS_MAX });
  }

  static async start(root: string, setting: Setting, random: Reseedable): Promise<Trial> {
    const hnsw = { m: 8, ef_construction: 100, ef_search: 100 };
    const options = {
      ...setting,
      dimension: DIMENSION,
      hnsw,
      bufferRowsMax: 32,
      deadMin: DEAD_MIN,
      requestsMax: REQUESTS_MAX,
    } as const;
    const shard = await Shard.open({ ...options, directory: join(root, '0') });
    return new Trial({ root, metric: setting.metric, random, shard, options });
  }

  async apply(): Promise<void> {
    const entry = this.#generator.next(this.reference.sequence + 1);
    this.#log.push(entry);
    const expected = this.reference.apply(entry.requests);
    const results = await this.#feed(this.#log.length);
    assert.deepEqual(results, expected);
    for (const outcome of expected) {
      // Within one entry, a sequence does not tell two requests of one id apart.
      const alone = expected.filter(({ request_id: id }) => id === outcome.request_id).length === 1;
      if (!outcome.replayed && alone)
        assert.deepEqual(this.shard.outcome(outcome.request_id, outcome.sequence), outcome);
    }
  }

  async restart(): Promise<void> {
    await this.shard.close();
    await this.#maybeTearGraph(this.#directory());
    this.shard = await Shard.open({ ...this.#options, directory: this.#directory() });
    assert.equal(this.shard.position.sequence, this.#log.length);
  }

  /** What a kill leaves: the files as they are, without a flush. The log brings back the rest. */
  async crash(): Promise<void> {
    const from = this.#directory();
    this.#lives += 1;
    // The background may flush while the files are copied, and what is on disk is durable before the shard hears of it.
    const before = this.shard.report().durable_sequence;
    await copyOfAMoment(from, this.#directory());
    await this.shard.close();
    await this.#maybeTearGraph(this.#directory());
    this.shard = await Shard.open({ ...this.#options, directory: this.#directory() });
    const durable = this.shard.position.sequence;
    assert(before <= durable && durable <= this.#log.length);
    for (let sequence = durable + 1; sequence <= this.#log.length; sequence++) await this.#feed(sequence);
  }

  /** Until the background has built the graph anew, where it has that many dead elements. */
  async rebuild(): Promise<void> {
    const { shard } = this;
    const worthIt = (): boolean => {
      const { indexed, dead } = shard.report();
      return dead >= DEAD_MIN && dead > (indexed + dead) * DEAD_SHARE_MAX;
    };
    if (!worthIt()) return;
    this.#rebuilt += 1;
    shard.startBackground();
    await until(() => !worthIt(), { what: 'the graph being built anew' });
  }

  async check(): Promise<void> {
    const { reference, shard } = this;
    const ids = reference.ids();
    const { applied_sequence: applied, points, entries_rejected: rejected } = shard.report();
    assert.deepEqual([applied, points, rejected], [reference.sequence, ids.length, reference.rejected]);
    const page = await shard.scroll({ limit: 1_000, ...fields });
    assert.deepEqual(
      page.points.map(({ id }) => id),
      ids,
    );
    const hash = StateHash.empty();
    for (const { id, version, vector, payload } of page.points) {
      const point = reference.points.get(id);
      assert.deepEqual({ version, vector, payload: JSON.parse(payload ?? 'null') }, point);
      const record = { version, vectorVersion: 0, vector: vector ?? new Float32Array(), payload: payload ?? null };
      hash.add(digestOf(id, record));
    }
    assert.equal(shard.report().state_hash, hash.toHex());
    assert.deepEqual(shard.read(ids.slice(0, 5).toReversed(), fields).points, page.points.slice(0, 5).toReversed());
    await this.#checkPaging(ids);
    await this.#checkSearches();
  }

  /** Of the approximate searches: how many hits there should have been, and how many there were. And how often a graph was built anew. */
  get tally(): { readonly wanted: number; readonly found: number; readonly rebuilt: number } {
    return { wanted: this.#wanted, found: this.#found, rebuilt: this.#rebuilt };
  }

  async #checkPaging(ids: readonly string[]): Promise<void> {
    const after = this.random.pick(['', 'p3', 'zz', ...ids]);
    const expected = ids.filter((id) => Buffer.compare(Buffer.from(id), Buffer.from(after)) > 0);
    const page = await this.shard.scroll({ after, limit: 7, with_payload: false, with_vector: false });
    assert.deepEqual(
      page.points.map(({ id }) => id),
      expected.slice(0, 7),
    );
    assert.equal(page.more, expected.length > 7);
  }

  async #checkSearches(): Promise<void> {
    const { random, reference, shard } = this;
    const tag = random.pick(TAGS);
    const filter = { must: [{ key: 'tag', match: { value: tag } }] };
    const tagged = ({ payload }: ReferencePoint): boolean => payload?.['tag'] === tag;
    const spec: SearchSpec = { vector: random.vector(DIMENSION), k: 1 + random.int(20), ...fields };
    const all = reference.top(spec.vector, spec.k, () => true);
    const some = reference.top(spec.vector, spec.k, tagged);
    const exact = await shard.search({ ...spec, exact: true });
    assert.deepEqual(
      exact.hits.map(({ id, score }) => ({ id, score })),
      all,
    );
    const exactFiltered = await shard.search({ ...spec, exact: true, filter });
    assert.deepEqual(
      exactFiltered.hits.map(({ id, score }) => ({ id, score })),
      some,
    );
    this.#compare((await shard.search(spec)).hits, all);
    const filtered = await shard.search({ ...spec, filter });
    assert.equal(filtered.hits.length, some.length);
    this.#compare(filtered.hits, some);
    assert.equal((await shard.count(filter)).count, [...reference.points.values()].filter(tagged).length);
    assert.equal((await shard.count()).count, reference.points.size);
  }

  /** Counted by score: which of several points with equal scores comes first is a matter of rounding. */
  #compare(hits: readonly { id: string; score: number }[], expected: readonly { id: string; score: number }[]): void {
    assert.equal(new Set(hits.map(({ id }) => id)).size, hits.length);
    const worst = expected.at(-1)?.score ?? 0;
    const tolerance = 1e-5 * Math.max(1, Math.abs(worst));
    for (const hit of hits) assert(this.reference.points.has(hit.id));
    this.#wanted += expected.length;
    this.#found += hits.filter(({ score }) => score >= worst - tolerance).length;
  }

  async #feed(sequence: number): ReturnType<Shard['apply']> {
    const bytes = this.#log[sequence - 1]?.bytes ?? new Uint8Array();
    return this.shard.apply({ sequence, bytes, at: sequence });
  }

  #directory(): string {
    return join(this.#root, String(this.#lives));
  }

  async #maybeTearGraph(directory: string): Promise<void> {
    if (this.random.uniform() < 0.6) return;
    const files = await readdir(join(directory, 'graph'));
    if (files.length === 0) return;
    const file = join(directory, 'graph', this.random.pick(files.toSorted()));
    await truncate(file, Math.floor((await stat(file)).size * this.random.uniform()));
  }
}

type Setting = Pick<ShardOptions, 'kind' | 'metric' | 'quantization'>;

/** So much is scored again that nothing is missed. */
const quantized = (type: Quantization['type']): Omit<Setting, 'metric'> => ({
  kind: 'quantized',
  quantization: Quantization.parse({ type, oversampling: limits.oversamplingMax }),
});
/** `gpu` is without a device here: what it does on one, and when that is lost, is in gpu/on-device.test.ts. */
const kinds = {
  cpu: { kind: 'cpu' },
  gpu: { kind: 'gpu' },
  int8: quantized('int8'),
  binary: quantized('binary'),
} as const;
const RECALL = { cpu: 0.98, gpu: 0.98, int8: 0.9999, binary: 0.9999 } as const;
const names = ['cpu', 'gpu', 'int8', 'binary'] as const;
const settings = names.flatMap((name) => Metric.options.map((metric) => ({ name, metric })));

/** What befalls the shard after an entry. */
const events = fc.oneof(
  { weight: 88, arbitrary: fc.constant('nothing' as const) },
  { weight: 5, arbitrary: fc.constant('flush' as const) },
  { weight: 2, arbitrary: fc.constant('save' as const) },
  { weight: 1, arbitrary: fc.constant('background' as const) },
  { weight: 1, arbitrary: fc.constant('rebuild' as const) },
  { weight: 2, arbitrary: fc.constant('restart' as const) },
  { weight: 2, arbitrary: fc.constant('crash' as const) },
);
/** Each step has a seed of its own, so that a failing trial still fails when steps before it are left out. */
const steps = fc.array(fc.record({ seed: fc.nat(), event: events, check: fc.nat({ max: 9 }).map((n) => n === 0) }), {
  maxLength: STEPS_MAX,
  size: 'max',
});
type Step = { readonly seed: number; readonly event: Event; readonly check: boolean };
type Event = 'nothing' | 'flush' | 'save' | 'background' | 'rebuild' | 'restart' | 'crash';

async function befall(trial: Trial, event: Event): Promise<void> {
  if (event === 'flush') await trial.shard.flush();
  else if (event === 'save') await trial.shard.saveGraph();
  else if (event === 'background') trial.shard.startBackground();
  else if (event === 'rebuild') await trial.rebuild();
  else if (event === 'restart') await trial.restart();
  else if (event === 'crash') await trial.crash();
}

async function run(setting: Setting, program: readonly Step[]): Promise<Trial['tally']> {
  await using directory = await temporaryDirectory();
  const random = new Reseedable();
  const trial = await Trial.start(directory.path, setting, random);
  try {
    for (const step of program) {
      random.reseed(step.seed);
      await trial.apply();
      await befall(trial, step.event);
      if (step.check) await trial.check();
    }
    await trial.check();
    return trial.tally;
  } finally {
    await trial.shard.close();
  }
}

const budgetMs = (Number(seconds) * 1_000) / settings.length;

describe.each(settings)('a shard of $metric vectors, $name', ({ name, metric }) => {
  it(
    'does what a plain Map and brute force do, whatever happens to it',
    async () => {
      const total = { trials: 0, wanted: 0, found: 0, rebuilt: 0 };
      let underWay: Promise<void> = Promise.resolve();
      const trial = async (program: readonly Step[]): Promise<void> => {
        const { wanted, found, rebuilt } = await run({ ...kinds[name], metric }, program);
        total.trials += 1;
        total.wanted += wanted;
        total.found += found;
        total.rebuilt += rebuilt;
      };
      const property = fc.asyncProperty(steps, async (program) => (underWay = trial(program)));
      // A failure is shrunk to the fewest steps that still fail, and printed with the seed that repeats it.
      await fc.assert(property, { seed: Number(firstSeed), numRuns: 1_000_000, interruptAfterTimeLimit: budgetMs });
      // The last trial is not waited for when the time is up.
      await underWay;
      expect(total.trials).toBeGreaterThan(0);
      expect(total.found / total.wanted).toBeGreaterThan(RECALL[name]);
      // Of kinds that have a graph.
      expect(total.rebuilt > 0).toBe(name === 'cpu' || name === 'gpu');
    },
    budgetMs * 4 + 60_000,
  );
});
