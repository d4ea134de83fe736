/** Tells what has been there at every look for a while from what has just come or changed. */
export class FirstSeen<Key> {
  readonly #at = new Map<Key, number>();

  /** Of the keys that there are now, those that have been there for so long. One that was gone in between begins anew. */
  since(keys: Iterable<Key>, { nowMs, ageMs }: { readonly nowMs: number; readonly ageMs: number }): readonly Key[] {
    const present = new Set(keys);
    for (const key of this.#at.keys()) if (!present.has(key)) this.#at.delete(key);
    for (const key of present) if (!this.#at.has(key)) this.#at.set(key, nowMs);
    return [...present].filter((key) => nowMs - (this.#at.get(key) ?? nowMs) >= ageMs);
  }
}
