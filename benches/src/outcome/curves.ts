import { digits, type Result } from './result.ts';
import { dot, group, placer, polyline, text, type Box, type Point } from './shapes.ts';

export type Curve = { readonly name: string; readonly colour: string; readonly points: readonly Point[] };

/** Rate by recall, a point for each `ef` of the figures whose names are the prefix and the `ef`. */
export function curveOf(
  results: readonly Result[],
  { prefix, ...curve }: Omit<Curve, 'points'> & { readonly prefix: string },
): Curve[] {
  const points = results.flatMap(({ name, value, recall }) =>
    name.startsWith(prefix) && recall !== undefined ? [{ x: recall, y: value }] : [],
  );
  return points.length === 0 ? [] : [{ ...curve, points }];
}

export type Curves = {
  readonly title: string;
  readonly curves: readonly Curve[];
  /** Of the rates, where they differ so much that the small ones would lie on each other. */
  readonly scale?: (rate: number) => number;
};

export function curvePanel({ title, curves, scale = (rate) => rate }: Curves, box: Box): string {
  const scaled = ({ x, y }: Point): Point => ({ x, y: scale(y) });
  const placeScaled = placer(
    curves.flatMap(({ points }) => points.map(scaled)),
    box,
  );
  const place = (point: Point): Point => placeScaled(scaled(point));
  const drawn = curves.map(({ name, colour, points }, i) => {
    const placed = points.map(place);
    const labels = placed.map(({ x, y }, j) => {
      const { x: recall, y: rate } = points[j] ?? { x: NaN, y: NaN };
      return text({ x: x + 5, y: y - 5 }, `${recall.toFixed(3)}, ${digits(rate)}`, `fill="${colour}" font-size="9"`);
    });
    const legend = text(
      { x: box.x + box.width - 10, y: box.y + 18 + i * 14 },
      name,
      `text-anchor="end" fill="${colour}"`,
    );
    return [polyline(placed, colour), ...placed.map((at) => dot(at, colour)), ...labels, legend].join('\n');
  });
  return group(box, title, drawn);
}
