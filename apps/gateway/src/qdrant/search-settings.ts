import { SearchBody, type CollectionConfig } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { parse } from '@vectorizer/frame';
import type { z } from 'zod';
import { filterOf } from './filters.ts';
import type { Options, Params } from './query-bodies.ts';
import type { Selection } from './selections.ts';

type Config = Pick<CollectionConfig, 'kind' | 'metric'>;
type Asked = {
  readonly options: Options;
  readonly selection: Selection;
  readonly k: number;
  /** Where the client has it. */
  readonly where: string;
};

/** All of a search of ours but its vector, checked by the schema of ours. */
export const SearchSettings = SearchBody.omit({
  vector: true,
  consistency: true,
  max_lag_ms: true,
  max_staleness_ms: true,
  timeout_ms: true,
});
export type Settings = z.output<typeof SearchSettings>;

export function settingsOf({ options, selection, k, where }: Asked, { kind, metric }: Config): Settings {
  const { filter, params, score_threshold: threshold } = options;
  const given = {
    k,
    ...tuningOf(params, kind),
    filter: filterOf(filter, `${where}filter`),
    // A distance there is less the better it is, and none is below zero.
    score_threshold: threshold === null || threshold === undefined ? undefined : threshold * signOf(metric),
    with_payload: selection.with_payload,
    with_vector: selection.with_vector,
  };
  return inTheirWords(where, () => parse(SearchSettings, given, where.replace(/\.$/, '')));
}

/** Euclid's scores are distances there; ours are higher the better they are. */
export function signOf(metric: Config['metric']): 1 | -1 {
  return metric === 'euclidean' ? -1 : 1;
}

/** What a kind of collection has nothing for only tunes there, and is left out here. */
function tuningOf(params: Params, kind: Config['kind']): Pick<Settings, 'ef' | 'exact' | 'quantization'> {
  const { hnsw_ef, exact, quantization } = params ?? {};
  if (kind !== 'quantized') {
    return { ...(hnsw_ef !== null && { ef: hnsw_ef }), ...(exact === true && { exact }) };
  }
  if (exact === true || quantization?.ignore === true) return { exact: true };
  if (!quantization) return {};
  const rescore = quantization.rescore ?? undefined;
  const oversampling = quantization.oversampling ? Math.ceil(quantization.oversampling) : undefined;
  if (rescore === undefined && oversampling === undefined) return {};
  return { quantization: rescore === false ? { rescore } : { rescore, oversampling } };
}

/** Our names of what they call otherwise. */
const THEIRS: readonly (readonly [RegExp, string])[] = [
  [/^k\b/, 'limit and offset, together'],
  [/^ef\b/, 'params.hnsw_ef'],
  [/^quantization\b/, 'params.quantization'],
];

function inTheirWords<Result>(where: string, check: () => Result): Result {
  try {
    return check();
  } catch (cause) {
    const { type, message, details } = Failure.from(cause);
    const [rule, name] = THEIRS.find(([ours]) => ours.test(message.slice(where.length))) ?? [];
    if (rule === undefined || name === undefined) throw cause;
    const told = message.slice(0, where.length) + message.slice(where.length).replace(rule, name);
    throw new Failure(type, told, { cause, details });
  }
}
