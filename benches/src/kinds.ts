import { Kind } from '@vectorizer/contracts';

/** The kinds of collections that there are: the figures of a kind are measured once the contracts have it. */
export const KINDS: readonly Kind[] = Kind.options;
/** Those that are compared with `cpu`. */
export const OTHER_KINDS: readonly Kind[] = KINDS.filter((kind) => kind !== 'cpu');

export const WAITS = ['logged', 'applied', 'replicated'] as const;

/** What the names of a kind's update figures begin with; those of `cpu` bear no kind. */
export function updatePrefix(kind: string): string {
  return kind === 'cpu' ? 'update' : `update.${kind}`;
}
