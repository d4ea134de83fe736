import type { SearchResult } from '@vectorizer/contracts';
import { hitJson, warningsJson } from '../points/point-json.ts';

export function searchJson({ hits, warnings }: SearchResult): string {
  return `{"hits":[${hits.map(hitJson).join(',')}]${warningsJson(warnings)}}`;
}

export function searchBatchJson(results: readonly SearchResult[]): string {
  return `{"results":[${results.map(searchJson).join(',')}]}`;
}
