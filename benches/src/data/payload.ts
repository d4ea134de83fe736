/** Filters by exact selectivity: the field has the value 0 in every n-th row. Rows are in no order, so it is as good as chance. */
export const SELECTIVITIES = [
  { name: '50', field: 'every_2', every: 2 },
  { name: '10', field: 'every_10', every: 10 },
  { name: '1', field: 'every_100', every: 100 },
  { name: '0_1', field: 'every_1000', every: 1_000 },
] as const;

/** Filters that let a share through of points that lie together: those nearest to one point. */
export const CLUSTERS = [
  { name: 'clustered_50', percent: 50 },
  { name: 'clustered_20', percent: 20 },
] as const;

/** The names of all filters that are measured. */
export const FILTERS = [...SELECTIVITIES, ...CLUSTERS].map(({ name }) => name);

/** The payload of a row: what tells it, and the fields that the filters ask for. */
export function payloadOf(row: number): Readonly<Record<string, number>> {
  const fields = SELECTIVITIES.map(({ field, every }) => [field, row % every] as const);
  return { row, ...Object.fromEntries(fields) };
}
