/** What the console's form holds, as it was typed. */
export type Form = {
  readonly collection: string;
  readonly by: 'vector' | 'id';
  readonly vector: string;
  readonly id: string;
  readonly k: string;
  readonly filter: string;
  readonly consistency: '' | 'eventual' | 'session' | 'strong';
};

/** What is asked of the API; the vector is not in it, since a search by id has yet to fetch it. */
export type Query = {
  readonly collection: string;
  readonly like: { readonly vector: readonly number[] } | { readonly id: string };
  readonly settings: Readonly<Record<string, unknown>>;
};
/** By field, what is wrong with it. */
export type Problems = Readonly<Partial<Record<keyof Form, string>>>;

/** Reads the form; the API checks the rest, and says better what is wrong with it. */
export function readForm(
  form: Form,
  dimension: number | undefined,
): { readonly query?: Query; readonly problems: Problems } {
  const vector = form.by === 'vector' ? readVector(form.vector, dimension) : [];
  const k = Number(form.k);
  const filter = readFilter(form.filter);
  const problems: Problems = {
    ...(form.collection === '' && { collection: 'Choose a collection.' }),
    ...(typeof vector === 'string' && { vector }),
    ...(form.by === 'id' && form.id === '' && { id: 'Give the id of a point.' }),
    ...((!Number.isInteger(k) || k < 1 || k > 1_000) && { k: 'A whole number from 1 to 1,000.' }),
    ...(typeof filter === 'string' && { filter }),
  };
  if (Object.keys(problems).length > 0 || typeof vector === 'string') return { problems };
  const settings = {
    k,
    ...(typeof filter === 'object' && { filter }),
    ...(form.consistency !== '' && { consistency: form.consistency }),
  };
  const like = form.by === 'id' ? { id: form.id } : { vector };
  return { query: { collection: form.collection, like, settings }, problems: {} };
}

/** Numbers between commas, spaces or brackets; or a text that says what is wrong. */
function readVector(text: string, dimension: number | undefined): readonly number[] | string {
  const words = text.replaceAll(/[[\],\s]+/g, ' ').trim();
  if (words === '') return 'Give the numbers of a vector.';
  const numbers = words.split(' ').map(Number);
  const bad = numbers.findIndex((number) => !Number.isFinite(number));
  if (bad >= 0) return `The ${ordinal(bad + 1)} component is not a number.`;
  if (dimension !== undefined && numbers.length !== dimension) {
    return `The collection has ${dimension} dimensions; these are ${numbers.length}.`;
  }
  return numbers;
}

function readFilter(text: string): object | string | undefined {
  if (text.trim() === '') return undefined;
  try {
    const filter: unknown = JSON.parse(text);
    if (typeof filter === 'object' && filter !== null && !Array.isArray(filter)) return filter;
    return 'A filter is a JSON object, such as { "must": [ … ] }.';
  } catch (error) {
    return `Not JSON: ${error instanceof Error ? error.message : String(error)}.`;
  }
}

function ordinal(number: number): string {
  const rest = number % 100;
  const ending = rest >= 11 && rest <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][number % 10] ?? 'th');
  return `${number}${ending}`;
}
