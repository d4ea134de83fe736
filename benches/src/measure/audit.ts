import { VectorizerClient } from '@vectorizer/client';
import type { Dataset } from '../data/dataset.ts';
import { figure, type Result } from '../outcome/result.ts';
import { ratios, spread } from '../outcome/statistics.ts';
import { HNSW, numbered, WRITERS, type Rounds } from '../setting.ts';
import { runHttpLoad } from '../subjects/run-http-load.ts';
import { base64 } from '../subjects/server.ts';
import { startSystem, type System } from '../subjects/system.ts';
import { bodiesOf } from './accept.ts';

/** In a round each server is written to this often, in turns, so that both meet the same weather. */
const TURNS = 6;
const ONES_MAX = 2_000;

/**
 * The same writes to two servers with keys, of which one writes into its audit log who changed what: batches of a hundred, and
 * single points, each answered when the log has it on disk. `audit.cost` is the share of its writes that it gets less done.
 */
export async function benchAudit(dataset: Dataset, rounds: Rounds): Promise<Result[]> {
  await using without = await Subject.start(dataset, { VECTORIZER_AUDIT_CHANGES: 'false' });
  await using audited = await Subject.start(dataset, { VECTORIZER_AUDIT_CHANGES: 'true' });
  for (const round of numbered(rounds)) {
    for (const each of [without, audited]) await each.begin(round);
    for (let turn = 0; turn < TURNS; turn++) {
      for (const each of turn % 2 === 0 ? [without, audited] : [audited, without]) {
        for (const load of each.loads) await load.run(rounds.milliseconds);
      }
    }
    for (const each of [without, audited]) await each.end(round > 0);
  }
  if ((await audited.entries()) === 0) throw new Error('nothing was written into the audit log');
  return (['100', '1'] as const).flatMap((batch, i) => {
    const [bare, full] = [without.loads[i]?.perSecond ?? [], audited.loads[i]?.perSecond ?? []];
    const cost = ratios(full, bare).values.map((share) => 1 - share);
    return [
      figure(`audit.cost.batch_${batch}`, 'ratio', spread(cost)),
      figure(`audit.writes_per_s.batch_${batch}`, 'writes/s', spread(full)),
    ];
  });
}

/** One kind of write to one server. */
class Load {
  readonly perSecond: number[] = [];
  readonly #bodies: readonly string[];
  readonly #url: string;
  readonly #key: string;
  #collection = '';
  #rates: number[] = [];

  constructor(bodies: readonly string[], { url, key }: { readonly url: string; readonly key: string }) {
    this.#bodies = bodies;
    this.#url = url;
    this.#key = key;
  }

  begin(collection: string): void {
    this.#collection = collection;
    this.#rates = [];
  }

  async run(milliseconds: number): Promise<void> {
    const { perSecond } = await runHttpLoad({
      origin: this.#url,
      path: `/api/v1/collections/${this.#collection}/vectors?wait=logged`,
      method: 'PUT',
      bodies: this.#bodies,
      connections: WRITERS,
      milliseconds,
      headers: { 'x-api-key': this.#key },
    });
    this.#rates.push(perSecond);
  }

  end(counts: boolean): void {
    if (counts) this.perSecond.push(this.#rates.reduce((sum, rate) => sum + rate, 0) / this.#rates.length);
  }
}

/** A server with a key that has no rate. */
class Subject implements AsyncDisposable {
  readonly loads: readonly Load[];
  readonly #system: System;
  readonly #client: VectorizerClient;
  readonly #dimension: number;
  #collection = '';

  private constructor(system: System, key: string, dataset: Dataset) {
    this.#system = system;
    this.#client = new VectorizerClient({ url: system.url, apiKey: key });
    this.#dimension = dataset.dimension;
    const place = { url: system.url, key };
    this.loads = [new Load(bodiesOf(dataset), place), new Load(onesOf(dataset), place)];
  }

  static async start(dataset: Dataset, settings: Readonly<Record<string, string>>): Promise<Subject> {
    const system = await startSystem(settings);
    await using client = new VectorizerClient({ url: system.url });
    const { key } = await client.keys.create({ name: 'bench', roles: ['admin'], rate: { tier: 'unlimited' } });
    return new Subject(system, key, dataset);
  }

  async begin(round: number): Promise<void> {
    this.#collection = `audited-${round}`;
    await this.#client.createCollection({
      name: this.#collection,
      dimension: this.#dimension,
      metric: 'dot',
      hnsw: HNSW,
    });
    for (const load of this.loads) load.begin(this.#collection);
  }

  /** Dropped before the backlog is applied: this measures the log, and the next round starts even. */
  async end(counts: boolean): Promise<void> {
    await this.#client.deleteCollection(this.#collection);
    for (const load of this.loads) load.end(counts);
  }

  async entries(): Promise<number> {
    const answer = await this.#client.audit.find({ action: 'vectors.upsert', limit: 1 });
    return answer.entries.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
    await this.#system[Symbol.asyncDispose]();
  }
}

/** Single points to write, over and over. */
function onesOf({ rows }: Dataset): string[] {
  return rows.slice(0, ONES_MAX).map((row, i) => JSON.stringify({ points: [{ id: String(i), vector: base64(row) }] }));
}
