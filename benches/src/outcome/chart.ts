import type { Recorded } from './record.ts';
import { digits } from './result.ts';

/** Drawn by hand: lines in boxes need no library. */
const PANEL = { width: 320, height: 130, gap: 20, columns: 3 } as const;
const PLOT = { left: 10, right: 70, top: 34, bottom: 12 } as const;
const CURVES = { width: 660, height: 320 } as const;
const TITLE_HEIGHT = 60;
/** More would be drawn on top of each other. */
const RUNS_MAX = 100;

type Point = { readonly x: number; readonly y: number };
type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

/** One SVG page: recall against rate in the newest run, and each figure over the runs that are like it. */
export function drawReport(history: readonly Recorded[]): string {
  const newest = history.at(-1);
  if (newest === undefined) throw new Error('there is no run to draw yet');
  const alike = history.filter(({ quick, dataset }) => quick === newest.quick && dataset === newest.dataset);
  const runs = alike.slice(-RUNS_MAX);
  const names = [...new Set(runs.flatMap(({ results }) => results.map(({ name }) => name)))];
  const curves = curvesOf(newest);
  const top = TITLE_HEIGHT + (curves.length === 0 ? 0 : CURVES.height + PANEL.gap);
  const panels = names.map((name, i) => {
    const x = PANEL.gap + (i % PANEL.columns) * (PANEL.width + PANEL.gap);
    const y = top + Math.floor(i / PANEL.columns) * (PANEL.height + PANEL.gap);
    return figurePanel(name, runs, { x, y, width: PANEL.width, height: PANEL.height });
  });
  const width = PANEL.gap + PANEL.columns * (PANEL.width + PANEL.gap);
  const height = top + Math.ceil(names.length / PANEL.columns) * (PANEL.height + PANEL.gap);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="11">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    text(
      { x: PANEL.gap, y: 24 },
      `Vectorizer: ${runs.length} runs on ${newest.dataset}`,
      'font-size="16" font-weight="600"',
    ),
    text(
      { x: PANEL.gap, y: 44 },
      `newest: ${newest.at}, commit ${newest.commit}, ${newest.machine.cpu}`,
      'fill="#666"',
    ),
    curves.length === 0 ? '' : curvePanel(curves, { x: PANEL.gap, y: TITLE_HEIGHT, ...CURVES }),
    ...panels,
    '</svg>',
    '',
  ].join('\n');
}

type Curve = { readonly name: string; readonly colour: string; readonly points: readonly Point[] };

/** Those of the engine and of the bare graph, a point for each ef. */
function curvesOf({ results }: Recorded): Curve[] {
  return [
    { name: 'engine', colour: '#0b62a4' },
    { name: 'bare hnswlib', colour: '#b5541c' },
  ].flatMap((curve) => {
    const prefix = `search.${curve.name.split(' ')[0] ?? ''}.ef`;
    const points = results.flatMap(({ name, value, recall }) =>
      name.startsWith(prefix) && recall !== undefined ? [{ x: recall, y: value }] : [],
    );
    return points.length === 0 ? [] : [{ ...curve, points }];
  });
}

function curvePanel(curves: readonly Curve[], box: Box): string {
  const all = curves.flatMap(({ points }) => points);
  const place = placer(all, box);
  const drawn = curves.map(({ name, colour, points }, i) => {
    const placed = points.map(place);
    const labels = placed.map(({ x, y }, j) => {
      const { x: recall, y: rate } = points[j] ?? { x: NaN, y: NaN };
      return text({ x: x + 5, y: y - 5 }, `${recall.toFixed(3)}, ${digits(rate)}`, `fill="${colour}" font-size="9"`);
    });
    const legend = text({ x: box.x + box.width - 90, y: box.y + 18 + i * 14 }, name, `fill="${colour}"`);
    return [polyline(placed, colour), ...placed.map((at) => dot(at, colour)), ...labels, legend].join('\n');
  });
  return group(box, 'searches per second by recall@10, ef from 16 to 256', drawn);
}

function figurePanel(name: string, runs: readonly Recorded[], box: Box): string {
  const measured = runs.flatMap(({ results }, x) => {
    const result = results.find((each) => each.name === name);
    return result === undefined || !Number.isFinite(result.value) ? [] : [{ ...result, x, y: result.value }];
  });
  const last = measured.at(-1);
  if (last === undefined) return group(box, `${name}: not measured`, []);
  const placed = measured.map(placer(measured, box));
  const end = placed.at(-1) ?? { x: 0, y: 0 };
  const beside = last.recall === undefined ? '' : `recall ${last.recall.toFixed(3)}`;
  return group(box, name, [
    polyline(placed, '#0b62a4'),
    ...placed.map((at) => dot(at, '#0b62a4')),
    text({ x: end.x + 6, y: end.y + 4 }, `${digits(last.value)} ${last.unit}`, 'font-weight="600"'),
    text({ x: box.x + box.width - PLOT.right + 6, y: box.y + box.height - 6 }, beside, 'fill="#666" font-size="9"'),
  ]);
}

/** From values to places in a box; a range of nothing lies in the middle. */
function placer(points: readonly Point[], box: Box): (point: Point) => Point {
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

function group({ x, y, width, height }: Box, title: string, parts: readonly string[]): string {
  return [
    `<g>`,
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="4" fill="#fafafa" stroke="#ddd"/>`,
    text({ x: x + 10, y: y + 18 }, title, 'font-weight="600"'),
    ...parts,
    '</g>',
  ].join('\n');
}

function polyline(points: readonly Point[], colour: string): string {
  const path = points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
  return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.5"/>`;
}

function dot({ x, y }: Point, colour: string): string {
  return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="2.2" fill="${colour}"/>`;
}

function text({ x, y }: Point, content: string, attributes: string): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped}</text>`;
}
