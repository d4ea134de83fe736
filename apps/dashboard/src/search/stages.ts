/** One stage of a search; `inner` ones are a part of the one before them that is not. */
export type Stage = { readonly name: string; readonly what: string; readonly ms: number; readonly inner: boolean };

const KNOWN: readonly (readonly [name: string, what: string, inner?: 'inner'])[] = [
  ['plan', 'until it is known what to ask for'],
  ['cache', 'looking for an answer that is there already'],
  ['shards', 'until the last shard has answered'],
  ['wait', 'for the sequence that was demanded', 'inner'],
  ['queue', 'for its turn on the index node', 'inner'],
  ['search', 'of the slowest shard itself', 'inner'],
  ['merge', 'of the shards’ answers'],
];

/** The stages that a `Server-Timing` header tells, and what is left of the whole for the gateway and the way there and back. */
export function stagesOf(header: string | null, wholeMs: number): Stage[] {
  const told = new Map(
    [...(header ?? '').matchAll(/([\w-]+)\s*;\s*dur=([\d.e+-]+)/g)].map(([, name, ms]) => [name, Number(ms)]),
  );
  const stages = KNOWN.flatMap(([name, what, inner]): Stage[] => {
    const ms = told.get(name);
    return ms === undefined ? [] : [{ name, what, ms, inner: inner === 'inner' }];
  });
  const known = stages.reduce((sum, { ms, inner }) => sum + (inner ? 0 : ms), 0);
  return [
    ...stages,
    {
      name: 'gateway and network',
      what: 'everything else, as this browser sees it',
      ms: Math.max(0, wholeMs - known),
      inner: false,
    },
  ];
}
