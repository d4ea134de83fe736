import { distance } from 'fastest-levenshtein';

/** Two letters may be wrong, as when they are swapped; of a long name a third, and no more than four. */
const [WRONG_MIN, WRONG_MAX] = [2, 4];

/** What was probably meant; undefined where nothing known is like it. */
export function closest(name: string, known: Iterable<string>): string | undefined {
  let best: { readonly name: string; readonly wrong: number } | undefined;
  for (const candidate of known) {
    const wrong = distance(name, candidate);
    if (wrong <= Math.min(WRONG_MAX, Math.max(WRONG_MIN, name.length / 3)) && wrong < (best?.wrong ?? Infinity)) {
      best = { name: candidate, wrong };
    }
  }
  return best?.name;
}

/** The end of a sentence about a name that is not known. */
export function suggestion(name: string, known: Iterable<string>): string {
  const meant = closest(name, known);
  return meant === undefined ? '' : `; did you mean ${meant}?`;
}
