export const V1 = '/api/v1';

/** A path of the API; what names something in it is escaped. */
export function path(...names: readonly (string | number)[]): string {
  return [V1, ...names.map((name) => encodeURIComponent(String(name)))].join('/');
}
