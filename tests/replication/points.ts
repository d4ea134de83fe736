import type { PointInput } from '@vectorizer/client';

/** Whole numbers only: a component comes back as it was sent. Ids sort as the numbers do. */
export function numbered(i: number): PointInput {
  return { id: `vec_${String(i).padStart(5, '0')}`, vector: [i, i + 1, i + 2], payload: { index: i } };
}

/** The numbered points from one to before the other. */
export function some(from: number, to: number): PointInput[] {
  return Array.from({ length: to - from }, (_, i) => numbered(from + i));
}

/** The same, with vectors of so many components. */
export function wide(from: number, to: number, dimension: number): PointInput[] {
  return some(from, to).map((point, i) => ({
    ...point,
    vector: Array.from({ length: dimension }, (_, j) => ((from + i) * 31 + j * 7) % 1_000),
  }));
}
