import type { Checkpoint, NodeId } from '@vectorizer/contracts';
import { sequencesOf, type Teller } from './told-states.ts';

/**
 * How a replica differs from others of its shard at the newest sequence that they have in common: it has applied other
 * entries (`chain`), or come to another state by the same ones (`state`). `tied`: there is no majority against it, so
 * that nobody can tell from the reports alone who is right.
 */
export type Difference = { readonly sequence: number; readonly of: 'chain' | 'state'; readonly tied: boolean };

type Said = Checkpoint & { readonly node: NodeId };

/**
 * The replicas of one shard that differ. Each is judged at the newest sequence that it shares with any other; where there is
 * no majority only once all have told of it, since the others' word may settle it.
 */
export function differences(tellers: readonly Teller[]): ReadonlyMap<NodeId, Difference> {
  const found = new Map<NodeId, Difference>();
  if (tellers.length < 2 || areSame(tellers)) return found;
  const open = new Set(tellers.map(({ node }) => node));
  for (const sequence of sequencesOf(tellers)) {
    const said = tellers.flatMap(({ node, states }): Said[] => {
      const state = states.at(sequence);
      return state === undefined ? [] : [{ ...state, node }];
    });
    if (said.length < 2) continue;
    const here = differencesAt(sequence, said);
    if (said.length < tellers.length && [...here.values()].some(({ tied }) => tied)) continue;
    for (const [node, difference] of here) if (open.has(node)) found.set(node, difference);
    for (const { node } of said) open.delete(node);
    if (open.size === 0) break;
  }
  return found;
}

/** What holds nearly always where nothing is written, and costs next to nothing to see. */
function areSame([first, ...others]: readonly Teller[]): boolean {
  const newest = first?.states.newest;
  return newest !== undefined && others.every(({ states }) => isSame(states.newest, newest));
}

function isSame(a: Checkpoint | undefined, b: Checkpoint): boolean {
  return a !== undefined && a.sequence === b.sequence && a.chain === b.chain && a.state_hash === b.state_hash;
}

function differencesAt(sequence: number, said: readonly Said[]): ReadonlyMap<NodeId, Difference> {
  const chains = split(said, ({ chain }) => chain);
  const states = split(chains.most, ({ state_hash }) => state_hash);
  return new Map([
    ...chains.others.map(({ node }): [NodeId, Difference] => [node, { sequence, of: 'chain', tied: chains.tied }]),
    ...states.others.map(({ node }): [NodeId, Difference] => [node, { sequence, of: 'state', tied: states.tied }]),
  ]);
}

type Split = { readonly most: readonly Said[]; readonly others: readonly Said[]; readonly tied: boolean };

/** The majority and those that contradict it; without one all contradict. */
function split(said: readonly Said[], by: (one: Said) => string): Split {
  const groups = [...Map.groupBy(said, by).values()];
  const most = groups.find((group) => group.length * 2 > said.length) ?? [];
  const others = groups.length > 1 ? groups.filter((group) => group !== most).flat() : [];
  return { most, others, tied: most.length === 0 };
}

/** For people. */
export function reasonOf({ sequence, of, tied }: Difference): string {
  const what = of === 'chain' ? 'the entries that it applied' : 'its state';
  const whom = tied ? 'from another replica, without a majority' : 'from most replicas';
  return `${what} at sequence ${sequence} ${of === 'chain' ? 'differ' : 'differs'} ${whom}`;
}
