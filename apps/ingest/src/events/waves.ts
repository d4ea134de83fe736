/** What names the points that something is about. */
export type About = { readonly points: readonly string[] };

/**
 * Cuts a list into waves, in its order, none of which is about one point twice. So a wave may be written all at once, and
 * whatever of it fails or comes again, no change of a point overtakes an earlier one.
 */
export function wavesOf<Item extends About>(items: readonly Item[]): Item[][] {
  const waves: Item[][] = [];
  let seen = new Set<string>();
  for (const item of items) {
    if (waves.length === 0 || item.points.some((point) => seen.has(point))) {
      waves.push([]);
      seen = new Set();
    }
    waves.at(-1)?.push(item);
    for (const point of item.points) seen.add(point);
  }
  return waves;
}
