import type { Json } from '@vectorizer/contracts';

export type GeoPoint = { readonly lat: number; readonly lon: number };

/** The mean radius of the Earth (IUGG). */
export const EARTH_RADIUS_M = 6_371_008.8;

/** A payload's `{ "lat": …, "lon": … }`. */
export function geoPoint(value: Json): GeoPoint | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { lat, lon } = value as { readonly [key: string]: Json };
  if (typeof lat !== 'number' || typeof lon !== 'number') return undefined;
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lat, lon } : undefined;
}

/** A box whose left edge lies east of its right edge crosses the antimeridian. Edges belong to the box. */
export function inBox(point: GeoPoint, topLeft: GeoPoint, bottomRight: GeoPoint): boolean {
  if (point.lat > topLeft.lat || point.lat < bottomRight.lat) return false;
  return topLeft.lon <= bottomRight.lon
    ? point.lon >= topLeft.lon && point.lon <= bottomRight.lon
    : point.lon >= topLeft.lon || point.lon <= bottomRight.lon;
}

/** Along the great circle, by the haversine formula. */
export function distanceMetres(a: GeoPoint, b: GeoPoint): number {
  const [latA, latB] = [radians(a.lat), radians(b.lat)];
  const h =
    Math.sin((latB - latA) / 2) ** 2 + Math.cos(latA) * Math.cos(latB) * Math.sin(radians(b.lon - a.lon) / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
