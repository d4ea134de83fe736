export type Scalar = string | number | boolean;
export type GeoPoint = { readonly lat: number; readonly lon: number };
/** Bounds of one type: numbers, or ISO 8601 times. */
export type Range<Bound = number | string> = {
  readonly gt?: Bound | undefined;
  readonly gte?: Bound | undefined;
  readonly lt?: Bound | undefined;
  readonly lte?: Bound | undefined;
};

/** A key is a dotted path into the payload; on an array a condition holds when any element satisfies it. */
export type Leaf =
  | {
      readonly key: string;
      readonly match:
        { readonly value: Scalar } | { readonly any: readonly Scalar[] } | { readonly except: readonly Scalar[] };
    }
  | { readonly key: string; readonly range: Range }
  | { readonly key: string; readonly exists: boolean }
  | { readonly key: string; readonly is_null: boolean }
  | { readonly key: string; readonly values_count: Range<number> }
  | { readonly key: string; readonly geo_box: { readonly top_left: GeoPoint; readonly bottom_right: GeoPoint } }
  | { readonly key: string; readonly geo_radius: { readonly center: GeoPoint; readonly radius_m: number } }
  | { readonly has_id: readonly string[] };

/** All of `must`, at least one of `should` (when given), none of `must_not`. At most 8 deep, 64 conditions in all. */
export type Filter = {
  readonly must?: readonly (Leaf | Filter)[] | undefined;
  readonly should?: readonly (Leaf | Filter)[] | undefined;
  readonly must_not?: readonly (Leaf | Filter)[] | undefined;
};
