import type { Json } from '@vectorizer/contracts';
import { distanceMetres, geoPoint, inBox, type GeoPoint, EARTH_RADIUS_M } from '../filter/geo.ts';
import { atMost, exactly, type Bounds } from './bounds.ts';
import { Postings } from './postings.ts';
import { SlotSet } from './slot-set.ts';
import { SortedPairs } from './sorted-pairs.ts';
import type { Held, ValueIndex, ValueLeaf } from './value-index.ts';

/** Half a degree of latitude. */
const BANDS_PER_DEGREE = 2;
/** Above all longitudes (shifted to 0 … 360), so that the keys of two bands do not mix. */
const BAND_WIDTH = 512;
/** Rounding must not keep a place out of the search; each is looked at exactly afterwards. */
const MARGIN_DEGREES = 1e-6;

type Area = { readonly top: number; readonly bottom: number; readonly spans: readonly (readonly [number, number])[] };

/**
 * Places in bands of latitude, sorted by longitude within each, so that a box is a short run of each of its bands. The
 * places found there are compared exactly, by the same functions as in a filter without an index.
 */
export class GeoValues implements ValueIndex<GeoPoint> {
  readonly #places: GeoPoint[] = [];
  readonly #free: number[] = [];
  /** Places by their text, since equal places are often of many points. */
  readonly #numbers = new Map<string, number>();
  readonly #slots = new Postings<number>();
  /** By key, the numbers of places. */
  readonly #pairs = new SortedPairs();

  take(value: Json): GeoPoint | undefined {
    return geoPoint(value);
  }

  add(point: GeoPoint, slot: number): void {
    const text = textOf(point);
    const known = this.#numbers.get(text);
    if (known !== undefined) return this.#slots.add(known, slot);
    const place = this.#free.pop() ?? this.#places.length;
    this.#places[place] = point;
    this.#numbers.set(text, place);
    this.#slots.add(place, slot);
    this.#pairs.add(keyOf(point), place);
  }

  delete(point: GeoPoint, slot: number): void {
    const text = textOf(point);
    const place = this.#numbers.get(text);
    if (place === undefined) return;
    this.#slots.delete(place, slot);
    if (this.#slots.has(place)) return;
    this.#numbers.delete(text);
    this.#pairs.delete(keyOf(point), place);
    this.#free.push(place);
  }

  bounds(leaf: ValueLeaf, held: Held): Bounds {
    if ('geo_box' in leaf) {
      const { top_left: topLeft, bottom_right: bottomRight } = leaf.geo_box;
      const spans: Area['spans'] =
        topLeft.lon <= bottomRight.lon
          ? [[topLeft.lon, bottomRight.lon]]
          : [
              [topLeft.lon, 180],
              [-180, bottomRight.lon],
            ];
      const area = { top: topLeft.lat, bottom: bottomRight.lat, spans };
      return exactly(this.#within(area, (point) => inBox(point, topLeft, bottomRight)));
    }
    if ('geo_radius' in leaf) {
      const { center, radius_m: radius } = leaf.geo_radius;
      return exactly(this.#within(around(center, radius), (point) => distanceMetres(point, center) <= radius));
    }
    return atMost(held.others);
  }

  #within({ top, bottom, spans }: Area, holds: (point: GeoPoint) => boolean): SlotSet {
    const found: SlotSet[] = [];
    const visit = (place: number): void => {
      const point = this.#places[place];
      if (point !== undefined && holds(point)) found.push(this.#slots.slotsOf(place));
    };
    for (let band = bandOf(bottom); band <= bandOf(top); band++) {
      for (const [from, to] of spans) {
        const [low, high] = [keyIn(band, from - MARGIN_DEGREES), keyIn(band, to + MARGIN_DEGREES)];
        this.#pairs.visit({ low, lowOpen: false, high, highOpen: false }, visit);
      }
    }
    return SlotSet.union(found);
  }
}

/** The smallest box around a circle; around a pole it goes all the way round. */
function around({ lat, lon }: GeoPoint, radius: number): Area {
  const angle = radius / EARTH_RADIUS_M;
  const degrees = (angle * 180) / Math.PI + MARGIN_DEGREES;
  const [top, bottom] = [Math.min(90, lat + degrees), Math.max(-90, lat - degrees)];
  const everywhere = { top, bottom, spans: [[-180, 180]] } as const;
  if (top >= 90 || bottom <= -90) return everywhere;
  const ratio = Math.sin(angle) / Math.cos((lat * Math.PI) / 180);
  const width = (Math.asin(Math.min(1, ratio)) * 180) / Math.PI + MARGIN_DEGREES;
  const [west, east] = [lon - width, lon + width];
  if (width >= 180) return everywhere;
  const spans: [number, number][] = [[Math.max(-180, west), Math.min(180, east)]];
  if (west < -180) spans.push([west + 360, 180]);
  if (east > 180) spans.push([-180, east - 360]);
  return { top, bottom, spans };
}

function bandOf(lat: number): number {
  return Math.floor((lat + 90) * BANDS_PER_DEGREE);
}

function keyOf({ lat, lon }: GeoPoint): number {
  return keyIn(bandOf(lat), lon);
}

function keyIn(band: number, lon: number): number {
  return band * BAND_WIDTH + (lon + 180);
}

function textOf({ lat, lon }: GeoPoint): string {
  return `${lat},${lon}`;
}
