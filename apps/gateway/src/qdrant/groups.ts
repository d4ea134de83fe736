import type { Hit, PayloadIndexType, Sequences } from '@vectorizer/contracts';
import { invalidField } from '@vectorizer/frame';
import type { CacheUse, ReadCall } from '../points/reads.ts';
import { later } from '../sessions.ts';
import { withConditions } from './filters.ts';
import { leavesAt, stepsOf } from './payload-values.ts';
import type { Asked, Found, Queries } from './queries.ts';
import type { GroupOptions } from './query-bodies.ts';

/** What the hits of a group have in common. */
type GroupId = string | number;
type Group = { readonly id: GroupId; readonly hits: readonly Hit[] };
export type AskedGroups = Pick<Asked, 'query' | 'field'> & { readonly options: GroupOptions };
type Grouped = { readonly groups: readonly Group[]; readonly sequences: Sequences };
type Wanted = { readonly limit: number; readonly filter: object };

/** Searches for groups, one after the other: each leaves out the groups that the former ones found. */
const ROUNDS_MAX = 5;
/** Of each. With the examples that are left out it stays below what a search may ask for. */
const ROUND_HITS_MAX = 500;
/** Few would hide groups whose points are also in others, which later rounds leave out. */
const ROUND_HITS_MIN = 100;

/**
 * Hits in groups by the values of a payload key, the group with the best hit first. Which groups there are is told by the best
 * hits; then each is searched by itself, all at once. A point with several values is in the group of each.
 */
export class Groups {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  async of({ query, field, options }: AskedGroups, call: ReadCall & CacheUse): Promise<Grouped> {
    if ('kind' in query) throw invalidField('query', 'must be given: groups are in the order of their scores');
    if ('nearest' in query && query.mmr) throw invalidField('query.mmr', 'not supported of groups');
    const { group_by: key, group_size: size, limit: most, with_lookup: _none, ...more } = options;
    const isId = idsOfType(call.collection.payload_indexes.find((index) => index.key === key)?.type);
    const steps = stepsOf(key);
    const idsOf = (hit: Hit): readonly GroupId[] => leavesAt(hit, steps).filter(isId);
    let sequences: Sequences = [];
    const search = async (all: readonly Wanted[]): Promise<readonly Found[]> => {
      const rest = { ...more, offset: 0, with_payload: true };
      const asked = all.map((each): Asked => ({ query, field, where: '', options: { ...rest, ...each } }));
      const answer = await this.#queries.answer(asked, call);
      sequences = later(sequences, answer.sequences);
      return answer.found;
    };

    const limit = Math.max(ROUND_HITS_MIN, Math.min(ROUND_HITS_MAX, most * size));
    const ids = new Set<GroupId>();
    for (let round = 0; round < ROUNDS_MAX && ids.size < most; round++) {
      const known = { key, match: { any: [...ids] } };
      const must = { key, values_count: { gte: 1 } };
      const filter = withConditions(more.filter, { must, ...(ids.size > 0 && { must_not: known }) });
      const [{ hits } = { hits: [] }] = await search([{ limit, filter }]);
      for (const id of hits.flatMap(idsOf)) if (ids.size < most) ids.add(id);
      if (hits.length < limit) break;
    }
    const filterOf = (value: GroupId): object => withConditions(more.filter, { must: { key, match: { value } } });
    const found = await search([...ids].map((id) => ({ limit: size, filter: filterOf(id) })));
    const groups = [...ids].map((id, index): Group => ({ id, hits: found[index]?.hits ?? [] }));
    return { groups: groups.filter(({ hits }) => hits.length > 0).toSorted(byBestHit), sequences };
  }
}

function byBestHit(a: Group, b: Group): number {
  return (b.hits[0]?.score ?? 0) - (a.hits[0]?.score ?? 0);
}

/** Texts and whole numbers, as there; of an indexed key those that its index has. */
function idsOfType(type: PayloadIndexType | undefined): (value: unknown) => value is GroupId {
  if (type === 'bool' || type === 'geo') {
    throw invalidField('group_by', `groups are of texts or whole numbers, and the key is indexed as ${type}`);
  }
  const isTaken = (kind: 'string' | 'number'): boolean =>
    type === undefined || (kind === 'string') === (type === 'keyword' || type === 'datetime');
  const [texts, numbers] = [isTaken('string'), isTaken('number')];
  return (value): value is GroupId =>
    typeof value === 'string' ? texts : typeof value === 'number' && numbers && Number.isSafeInteger(value);
}
