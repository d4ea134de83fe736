import {
  limits,
  Vector,
  type CacheNote,
  type CollectionConfig,
  type Hit,
  type PointId,
  type ReadStages,
  type SearchSpec,
  type Sequences,
} from '@vectorizer/contracts';
import { checkVector, invalidField, parse } from '@vectorizer/frame';
import { checkFilter } from '../points/check-filter.ts';
import type { CacheUse, ReadCall, Reads } from '../points/reads.ts';
import { checkExamples, idsIn, targetOf, vectorsOf, type Examples } from '../search/examples.ts';
import { checkSettings } from '../search/check-settings.ts';
import { later } from '../sessions.ts';
import { diverse } from './mmr.ts';
import { Pages } from './pages.ts';
import type { Options, Query } from './query-bodies.ts';
import { settingsOf } from './search-settings.ts';
import { selectionOf, type Selection } from './selections.ts';

/** One of the searches of a request. */
export type Asked = {
  readonly query: Query;
  readonly options: Options;
  /** Where the client has it, and what the vector is called there. */
  readonly where: string;
  readonly field: 'vector' | 'query';
};
export type Found = { readonly hits: readonly Hit[]; readonly selection: Selection };
export type Answer = {
  readonly found: readonly Found[];
  readonly sequences: Sequences;
  readonly stages?: ReadStages | undefined;
  readonly cache?: CacheNote | undefined;
};

/** What of a hit is answered where nothing is said of that. */
export const NOTHING = { with_payload: false, with_vector: false };

type Plan = { readonly asked: Asked; readonly selection: Selection };
/** A search of the index, and what is done with its hits. */
type Search = Plan & { readonly spec: SearchSpec; readonly finish: (hits: readonly Hit[]) => readonly Hit[] };

/** Answers searches as Qdrant's clients ask for them by the reads that ours are answered by. */
export class Queries {
  readonly #reads: Reads;
  readonly #pages: Pages;

  constructor(reads: Reads) {
    this.#reads = reads;
    this.#pages = new Pages(reads);
  }

  /** Of one request: its examples are read at once, and so are its searches. */
  async answer(all: readonly Asked[], call: ReadCall & CacheUse): Promise<Answer> {
    const { config } = call.collection;
    const plans = all.map((asked) => ({ asked, selection: selectionOf(asked.options, NOTHING) }));
    const examples = plans.map(({ asked }) => examplesOf(asked, config));
    const ids = [...new Set(examples.flatMap((each) => (each === undefined ? [] : idsIn(each))))];
    if (ids.length > limits.batchPointsMax)
      throw invalidField('query', `names more than ${limits.batchPointsMax} points`);
    const read =
      ids.length === 0 ? undefined : await this.#reads.points({ ids, with_payload: false, with_vector: true }, call);
    const searches = plans.map((plan, index): Search | Plan => {
      const wanted = examples[index];
      if (wanted === undefined) return plan;
      const vector = vectorOf(vectorsOf(wanted, read?.points ?? []), config);
      return searchOf(plan, { vector, ids: idsIn(wanted), config });
    });
    const specs = searches.flatMap((search) => ('spec' in search ? [checkedSpec(search, call)] : []));
    const answer = specs.length === 0 ? undefined : await this.#reads.search(specs, call);
    let sequences = later(read?.sequences, answer?.sequences ?? []);
    const results = [...(answer?.results ?? [])];
    const found: Found[] = [];
    for (const search of searches) {
      if ('spec' in search) {
        found.push({ selection: search.selection, hits: search.finish(results.shift()?.hits ?? []) });
        continue;
      }
      const listed = await this.#list(search, call);
      sequences = later(sequences, listed.sequences);
      found.push({ selection: search.selection, hits: listed.hits });
    }
    return { found, sequences, stages: answer?.stages, cache: answer?.cache };
  }

  /** Without a query, points are in the order of their ids, and none is better than another. */
  async #list(
    { asked: { options, where }, selection }: Plan,
    call: ReadCall,
  ): Promise<{ readonly hits: readonly Hit[]; readonly sequences: Sequences }> {
    const { limit, offset } = options;
    const { filter } = settingsOf({ options, selection, k: limit + offset, where }, call.collection.config);
    checkFilter(filter, call.collection.payload_indexes, `${where}filter`);
    const { points, sequences } = await this.#pages.page(undefined, { filter, limit: limit + offset, selection }, call);
    return { hits: points.slice(offset).map((point) => ({ ...point, score: 0 })), sequences };
  }
}

function checkedSpec({ spec, asked: { where } }: Search, { collection }: ReadCall): SearchSpec {
  const { filter, ...settings } = spec;
  checkSettings(settings, collection.config, where);
  checkFilter(filter, collection.payload_indexes, `${where}filter`);
  return spec;
}

/** What is to be found is like these; undefined where nothing is said of that. */
function examplesOf({ query, where, field }: Asked, config: CollectionConfig): Examples | undefined {
  if ('kind' in query) return undefined;
  if ('nearest' in query) {
    if ('id' in query.nearest) return { positive: [query.nearest.id], negative: [] };
    const vector = parse(Vector, query.nearest.vector, `${where}${field}`);
    checkVector(vector, config, `${where}${field}`);
    return { positive: [vector], negative: [] };
  }
  const of = (list: 'positive' | 'negative'): (PointId | Float32Array)[] => {
    const place = `${where}${list}`;
    const given = query.recommend[list];
    const most = limits.recommendExamplesMax;
    if (given.length > most) throw invalidField(place, `must have at most ${most} items`);
    return given.map((each, i) => ('id' in each ? each.id : parse(Vector, each.vector, `${place}[${i}]`)));
  };
  const examples = { positive: of('positive'), negative: of('negative') };
  if (examples.positive.length === 0) throw invalidField(`${where}positive`, 'must not be empty');
  checkExamples(examples, config);
  return examples;
}

/** Of one example, itself: nothing is to be lost on the way. */
function vectorOf(examples: Examples<Float32Array>, config: CollectionConfig): Float32Array {
  const [only, ...more] = examples.positive;
  return only !== undefined && more.length + examples.negative.length === 0 ? only : targetOf(examples, config);
}

type Target = { readonly vector: Float32Array; readonly ids: readonly PointId[]; readonly config: CollectionConfig };

function searchOf(plan: Plan, { vector, ids, config }: Target): Search {
  const { options, query, where } = plan.asked;
  const { limit, offset } = options;
  const { selection } = plan;
  const count = limit + offset;
  const mmr = 'nearest' in query ? (query.mmr ?? undefined) : undefined;
  // The examples themselves are found, too, and left out: so many more are asked for.
  const k = Math.max(count, mmr?.candidates_limit ?? 0) + ids.length;
  const settings = settingsOf({ options, selection, k, where }, config);
  const others = (hits: readonly Hit[]): readonly Hit[] =>
    ids.length === 0 ? hits : hits.filter(({ id }) => !ids.some((each) => each === id));
  if (mmr === undefined) {
    return { ...plan, spec: { ...settings, vector }, finish: (hits) => others(hits).slice(offset, count) };
  }
  const diversity = mmr.diversity ?? 0.5;
  const finish = (hits: readonly Hit[]): readonly Hit[] => {
    const chosen = diverse(others(hits), { metric: config.metric, diversity, count }).slice(offset);
    return selection.with_vector ? chosen : chosen.map(withoutVector);
  };
  return { ...plan, spec: { ...settings, with_vector: true, vector }, finish };
}

function withoutVector({ vector: _vector, ...hit }: Hit): Hit {
  return hit;
}
