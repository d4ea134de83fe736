/** Cuts `total` into `parts` of nearly equal size. */
export function inSpans(total: number, parts: number): { readonly start: number; readonly end: number }[] {
  const edge = (part: number): number => Math.floor((total * part) / parts);
  return Array.from({ length: parts }, (_, part) => ({ start: edge(part), end: edge(part + 1) }));
}

/** All of something that has `length` parts. */
export function wholeOf({ length }: { readonly length: number }): { readonly start: number; readonly end: number } {
  return { start: 0, end: length };
}
