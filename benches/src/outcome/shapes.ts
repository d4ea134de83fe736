/** Drawn by hand: lines in boxes need no library. */
export const PLOT = { left: 10, right: 70, top: 34, bottom: 12 } as const;

export type Point = { readonly x: number; readonly y: number };
export type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

/** A whole page. */
export function svg({ width, height }: Pick<Box, 'width' | 'height'>, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="11">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

/** From values to places in a box; a range of nothing lies in the middle. */
export function placer(points: readonly Point[], box: Box): (point: Point) => Point {
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const alongX = scale(xs, [box.x + PLOT.left, box.x + box.width - PLOT.right]);
  const alongY = scale(ys, [box.y + box.height - PLOT.bottom, box.y + PLOT.top]);
  return ({ x, y }) => ({ x: alongX(x), y: alongY(y) });
}

function scale(values: readonly number[], [from, to]: readonly [number, number]): (value: number) => number {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return (value) => (high === low ? (from + to) / 2 : from + ((value - low) / (high - low)) * (to - from));
}

export function group({ x, y, width, height }: Box, title: string, parts: readonly string[]): string {
  return [
    `<g>`,
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="4" fill="#fafafa" stroke="#ddd"/>`,
    text({ x: x + 10, y: y + 18 }, title, 'font-weight="600"'),
    ...parts,
    '</g>',
  ].join('\n');
}

export function polyline(points: readonly Point[], colour: string): string {
  const path = points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
  return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.5"/>`;
}

export function dot({ x, y }: Point, colour: string): string {
  return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="2.2" fill="${colour}"/>`;
}

export function text({ x, y }: Point, content: string, attributes: string): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped}</text>`;
}
