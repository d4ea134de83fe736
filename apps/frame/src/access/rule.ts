import type { Permission } from '@vectorizer/contracts';

/** Where a request says which collection it is about. */
export type NamePlace =
  | 'path.collection'
  | 'path.alias'
  /** `node/collection/shard` */
  | 'path.id'
  | 'query.collection'
  | 'body.collection'
  /** A list of them. */
  | 'body.collections'
  | 'body.name'
  /** What a list of changes to aliases is about: collections, and aliases that are there. */
  | 'body.actions'
  /** The aliases that such a list makes. */
  | 'body.new-aliases';

/** What a route needs, and what it is in the books of rate limits and audit. */
export type RouteRule = {
  /** All of them; `public`: not even a key. */
  readonly needs: readonly Permission[] | 'public';
  /** What it does: reads and writes have rates of their own, `admin` is an administrative act. */
  readonly effect: 'read' | 'write' | 'admin';
  /** As the audit log calls it. */
  readonly action: string;
  /** The collections that have to be within the caller's scope; those that are `claimed` by their very name. */
  readonly names: readonly NamePlace[];
  readonly claims: readonly NamePlace[];
  /** It shows, or changes something for, every collection at once: only for those whose scope is all of them. */
  readonly whole: boolean;
  /** What the request costs: the items of this field of the body, or as many as this counts in it; otherwise one. */
  readonly items: string | ((body: unknown) => number) | undefined;
  /** The answer goes on for as long as its client listens: it ends when the key does. */
  readonly endless: boolean;
};

/** Snapshots outlive their collection, whose name an alias may have by now. */
export const byName = { claims: ['path.collection'] } as const;

type More = Partial<Omit<RouteRule, 'needs' | 'effect' | 'action'>>;
type Needs = Permission | readonly Permission[];

export const read = (action: string, needs: Needs, more: More = {}): RouteRule =>
  rule('read', needs, { action, ...more });
export const write = (action: string, needs: Needs, more: More = {}): RouteRule =>
  rule('write', needs, { action, ...more });
export const admin = (action: string, needs: Needs, more: More = {}): RouteRule =>
  rule('admin', needs, { action, ...more });
export const everybody = (action: string): RouteRule => ({ ...rule('read', [], { action }), needs: 'public' });

function rule(effect: RouteRule['effect'], needs: Needs, more: More & Pick<RouteRule, 'action'>): RouteRule {
  const list = typeof needs === 'string' ? [needs] : needs;
  return { needs: list, effect, names: [], claims: [], whole: false, items: undefined, endless: false, ...more };
}
