/**
 * What a client has seen of each collection. Answers of calls under way at one time may come in another order than they were
 * given, so a token never takes the place of one that has seen more: reads of one client do not go back.
 */
export class Tokens {
  readonly #tokens: Map<string, string>;

  constructor(known: Readonly<Record<string, string>> = {}) {
    this.#tokens = new Map(Object.entries(known));
  }

  get(collection: string): string | undefined {
    return this.#tokens.get(collection);
  }

  /** From an answer: what was seen before stays seen. */
  see(collection: string, token: string): void {
    this.#tokens.set(collection, joined(this.#tokens.get(collection), token));
  }

  /** Whether there was anything to forget. */
  forget(collection: string): boolean {
    return this.#tokens.delete(collection);
  }

  all(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#tokens);
  }
}

type Seen = { readonly u: string; readonly s: readonly number[] };

/** Of two tokens of one life of a collection, one that has seen what either has; otherwise the newer. */
export function joined(known: string | undefined, token: string): string {
  if (known === undefined || known === token) return token;
  const [one, other] = [seenIn(known), seenIn(token)];
  if (one === undefined || other === undefined || one.u !== other.u) return token;
  const length = Math.max(one.s.length, other.s.length);
  const s = Array.from({ length }, (_, shard) => Math.max(one.s[shard] ?? 0, other.s[shard] ?? 0));
  return base64url(JSON.stringify({ u: other.u, s }));
}

/** Undefined for a token of a form that a later server may give: those are kept as they come. */
function seenIn(token: string): Seen | undefined {
  try {
    const { u, s, ...more } = JSON.parse(atob(token.replaceAll('-', '+').replaceAll('_', '/'))) as Partial<Seen>;
    if (typeof u !== 'string' || !Array.isArray(s) || !s.every(Number.isSafeInteger)) return undefined;
    return Object.keys(more).length === 0 ? { u, s } : undefined;
  } catch {
    return undefined;
  }
}

function base64url(text: string): string {
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
