import type { Hit, PointView } from '@vectorizer/contracts';
import type { OrderedPoint } from './ordered-points.ts';
import { idJson } from './point-ids.ts';
import type { Selection } from './selections.ts';

/** Written as text by hand, as our own answers are: payloads are JSON text already. */
export function recordJson(point: PointView, selection: Selection): string {
  return `{"id":${idJson(point.id)}${fieldsJson(point, selection)}}`;
}

/** With the number that they were ordered by. */
export function orderedJson(points: readonly OrderedPoint[], selection: Selection): string {
  const each = ({ point, value }: OrderedPoint): string =>
    `{"id":${idJson(point.id)}${fieldsJson(point, selection)},"order_value":${value}}`;
  return `[${points.map(each).join(',')}]`;
}

export function recordsJson(points: readonly PointView[], selection: Selection): string {
  return `[${points.map((point) => recordJson(point, selection)).join(',')}]`;
}

/** `sign` is -1 where the score is a distance there: ours is better when it is higher, whatever the metric. */
export function scoredJson(hits: readonly Hit[], selection: Selection, sign: 1 | -1): string {
  const each = (hit: Hit): string =>
    `{"id":${idJson(hit.id)},"version":${hit.version},"score":${sign * hit.score}${fieldsJson(hit, selection)}}`;
  return `[${hits.map(each).join(',')}]`;
}

/** A point without a payload has an empty one there. */
function fieldsJson({ payload, vector }: PointView, { with_payload, part }: Selection): string {
  const text = payload ?? '{}';
  const payloadJson = with_payload ? `,"payload":${part === undefined ? text : part(text)}` : '';
  return vector === undefined ? payloadJson : `${payloadJson},"vector":[${vector.join(',')}]`;
}
