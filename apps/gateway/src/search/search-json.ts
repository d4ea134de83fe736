import type { SearchResult } from '@vectorizer/contracts';
import { hitJson, warningsJson } from '../points/point-json.ts';

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
