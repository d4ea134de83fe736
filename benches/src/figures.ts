/** What has to be there for a figure to be measured. */
export type Subject = 'bare' | 'engine' | 'server';
export type Phase = 'fill' | 'search' | 'memory' | 'accept';

type Plan = { readonly phase: Phase; readonly subjects: readonly Subject[] };

/** Every figure of the program, in the order in which they are printed. */
const FIGURES: Readonly<Record<string, Plan>> = {
  'search.bare': { phase: 'search', subjects: ['bare'] },
  'search.engine': { phase: 'search', subjects: ['engine'] },
  'search.engine.share_of_bare': { phase: 'search', subjects: ['bare', 'engine'] },
  'search.http1.qps': { phase: 'search', subjects: ['server'] },
  'search.http1.p50_ms': { phase: 'search', subjects: ['server'] },
  'search.http1.p99_ms': { phase: 'search', subjects: ['server'] },
  'search.http1.overhead_ms': { phase: 'search', subjects: ['engine', 'server'] },
  'search.http32.qps': { phase: 'search', subjects: ['server'] },
  'search.http32.p99_ms': { phase: 'search', subjects: ['server'] },
  'search.http32.share_of_bare': { phase: 'search', subjects: ['bare', 'server'] },
  'ingest.accepted_per_s': { phase: 'accept', subjects: ['server'] },
  'ingest.accepted.p99_ms': { phase: 'accept', subjects: ['server'] },
  'ingest.bare': { phase: 'fill', subjects: ['bare'] },
  'ingest.engine': { phase: 'fill', subjects: ['engine'] },
  'ingest.engine.share_of_bare': { phase: 'fill', subjects: ['bare', 'engine'] },
  'ingest.indexed': { phase: 'fill', subjects: ['server'] },
  'ingest.indexed.share_of_bare': { phase: 'fill', subjects: ['bare', 'server'] },
  'memory.resident': { phase: 'memory', subjects: ['server'] },
  'memory.limit': { phase: 'memory', subjects: ['server'] },
};

/** The figures asked for, and what they take. */
export type Selection = {
  readonly names: ReadonlySet<string>;
  readonly phases: ReadonlySet<Phase>;
  readonly subjects: ReadonlySet<Subject>;
};

/** Those whose names begin with one of the prefixes; without prefixes, all. */
export function select(prefixes: readonly string[]): Selection {
  const all = Object.entries(FIGURES);
  const asked = (name: string): boolean => prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix));
  const unknown = prefixes.find((prefix) => !all.some(([name]) => name.startsWith(prefix)));
  if (unknown !== undefined) {
    throw new Error(`no figure begins with "${unknown}"; there are ${Object.keys(FIGURES).join(', ')}`);
  }
  const chosen = all.filter(([name]) => asked(name));
  return {
    names: new Set(chosen.map(([name]) => name)),
    phases: new Set(chosen.map(([, plan]) => plan.phase)),
    subjects: new Set(chosen.flatMap(([, plan]) => plan.subjects)),
  };
}

/** In the order of the table. */
export function inOrder<Named extends { readonly name: string }>(results: readonly Named[]): Named[] {
  const order = Object.keys(FIGURES);
  return results.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
}
