import { Filter, openEntry, PointId } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';

/** What the operations of an entry are about: points by their ids, each once, and points by filters. */
export type Named = { readonly ids: readonly PointId[]; readonly filters: readonly Filter[] };

/** Bytes that are no entry name nothing: replicas skip them, too. */
export function namedIn(bytes: Uint8Array): Named {
  const ids = new Set<PointId>();
  const filters: Filter[] = [];
  for (const op of operationsIn(bytes)) {
    if (typeof op !== 'object' || op === null) continue;
    if ('id' in op) {
      const id = PointId.safeParse(op.id);
      if (id.success) ids.add(id.data);
    } else if ('filter' in op) {
      const filter = Filter.safeParse(op.filter);
      if (filter.success) filters.push(filter.data);
    }
  }
  return { ids: [...ids], filters };
}

function operationsIn(bytes: Uint8Array): readonly unknown[] {
  try {
    return openEntry(bytes).requests.flatMap(({ ops }) => ops);
  } catch (cause) {
    if (Failure.from(cause).onReplay === 'skip') return [];
    throw cause;
  }
}
