import { compareIds, type Filter } from '@vectorizer/contracts';

/** The ids that a filter names, so that no other point can match it: each once, in order. Undefined where it names none. */
export function idsNamedBy(filter: Filter): readonly string[] | undefined {
  const ids = fewestIn(filter);
  return ids && [...new Set(ids)].toSorted(compareIds);
}

/** Whether a filter does so; without putting them in order, as each search with a filter asks. */
export function namesPoints(filter: Filter | undefined): boolean {
  return filter !== undefined && fewestIn(filter) !== undefined;
}

function fewestIn({ must = [] }: Filter): readonly string[] | undefined {
  let fewest: readonly string[] | undefined;
  for (const condition of must) {
    const ids = 'has_id' in condition ? condition.has_id : 'key' in condition ? undefined : fewestIn(condition);
    if (ids !== undefined && (fewest === undefined || ids.length < fewest.length)) fewest = ids;
  }
  return fewest;
}
