import type { Hit, PointView, Warning } from '@vectorizer/contracts';

/**
 * Answers are written as text by hand, since payloads are JSON text already: to parse them only to print them again
 * would cost more than the search.
 */
export function pointJson(point: PointView): string {
  return `{"id":${JSON.stringify(point.id)},"version":${point.version}${fieldsJson(point)}}`;
}

/** With the name of the collection that it is of, where an answer has hits of several. */
export function hitJson(hit: Hit, collection?: string): string {
  const ofJson = collection === undefined ? '' : `"collection":${JSON.stringify(collection)},`;
  return `{${ofJson}"id":${JSON.stringify(hit.id)},"score":${hit.score},"version":${hit.version}${fieldsJson(hit)}}`;
}

export function pointsJson(points: readonly PointView[]): string {
  return `[${points.map(pointJson).join(',')}]`;
}

/** `,"warnings":[…]`, or nothing when there are none. */
export function warningsJson(warnings: readonly Warning[]): string {
  return warnings.length === 0 ? '' : `,"warnings":${JSON.stringify(warnings)}`;
}

function fieldsJson({ payload, vector }: PointView): string {
  const payloadJson = payload === undefined ? '' : `,"payload":${payload ?? 'null'}`;
  return vector === undefined ? payloadJson : `${payloadJson},"vector":[${vector.join(',')}]`;
}
