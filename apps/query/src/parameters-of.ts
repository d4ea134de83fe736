/** Searches of one batch whose parameters are kept; the others are counted. */
const SEARCHES_MAX = 5;
/** Of one read's parameters as JSON. A filter may name thousands of values, and each is remembered for a while. */
const CHARACTERS_MAX = 4_096;

/** What a read asked for, without what may be secret or large: vectors and ids become their numbers. */
export function parametersOf(input: object): Readonly<Record<string, unknown>> {
  const { uid: _, ...asked } = withoutVectors(input) as Record<string, unknown>;
  const text = JSON.stringify(asked);
  return text.length <= CHARACTERS_MAX ? asked : { omitted_characters: text.length };
}

function withoutVectors(value: unknown, key = ''): unknown {
  if (value instanceof Float32Array) return { dimension: value.length };
  if (Array.isArray(value)) {
    if (key === 'ids') return { count: value.length };
    if (key === 'searches' && value.length > SEARCHES_MAX) {
      const kept = value.slice(0, SEARCHES_MAX).map((each) => withoutVectors(each));
      return [...kept, { more: value.length - SEARCHES_MAX }];
    }
    return value.map((each) => withoutVectors(each));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) =>
      inner === undefined ? [] : [[name, withoutVectors(inner, name)]],
    ),
  );
}
