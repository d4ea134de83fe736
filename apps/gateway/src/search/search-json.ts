import type { SearchResult } from '@vectorizer/contracts';
import { hitJson, warningsJson } from '../points/point-json.ts';
import type { Part, PlacedHit } from './many.ts';

/** Without lists on the way: every search ends here. */
export function searchJson({ hits, warnings }: SearchResult): string {
  let text = '{"hits":[';
  let separator = '';
  for (const hit of hits) {
    text += separator + hitJson(hit);
    separator = ',';
  }
  return `${text}]${warningsJson(warnings)}}`;
}

export function searchBatchJson(results: readonly SearchResult[]): string {
  return `{"results":[${results.map(searchJson).join(',')}]}`;
}

/** The hits of all, and what is to be said of each collection, in the order of the request. */
export function searchManyJson(hits: readonly PlacedHit[], parts: readonly Part[]): string {
  const hitsJson = hits.map(({ collection, hit }) => hitJson(hit, collection)).join(',');
  return `{"hits":[${hitsJson}],"collections":[${parts.map(partJson).join(',')}]}`;
}

function partJson({ call, sequences, cache, result }: Part): string {
  const said = { collection: call.collection.name, sequences, cache };
  return `${JSON.stringify(said).slice(0, -1)}${warningsJson(result.warnings)}}`;
}
