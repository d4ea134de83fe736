import { curveOf, curvePanel } from './curves.ts';
import type { Recorded } from './record.ts';
import { digits } from './result.ts';
import { dot, group, PLOT, placer, polyline, svg, text, type Box } from './shapes.ts';

const PANEL = { width: 320, height: 130, gap: 20, columns: 3 } as const;
const CURVES = { width: 660, height: 320 } as const;
const CURVES_TITLE = 'searches per second by recall@10, ef from 16 to 256';
const TITLE_HEIGHT = 60;
/** More would be drawn on top of each other. */
const RUNS_MAX = 100;

/** One SVG page: recall against rate in the newest run, and each figure over the runs that are like it. */
export function drawReport(history: readonly Recorded[]): string {
  const newest = history.at(-1);
  if (newest === undefined) throw new Error('there is no run to draw yet');
  const alike = history.filter(({ quick, dataset }) => quick === newest.quick && dataset === newest.dataset);
  const runs = alike.slice(-RUNS_MAX);
  const names = [...new Set(runs.flatMap(({ results }) => results.map(({ name }) => name)))];
  const curves = [
    ...curveOf(newest.results, { prefix: 'search.engine.ef', name: 'engine', colour: '#0b62a4' }),
    ...curveOf(newest.results, { prefix: 'search.bare.ef', name: 'bare hnswlib', colour: '#b5541c' }),
  ];
  const top = TITLE_HEIGHT + (curves.length === 0 ? 0 : CURVES.height + PANEL.gap);
  const panels = names.map((name, i) => {
    const x = PANEL.gap + (i % PANEL.columns) * (PANEL.width + PANEL.gap);
    const y = top + Math.floor(i / PANEL.columns) * (PANEL.height + PANEL.gap);
    return figurePanel(name, runs, { x, y, width: PANEL.width, height: PANEL.height });
  });
  const width = PANEL.gap + PANEL.columns * (PANEL.width + PANEL.gap);
  const height = top + Math.ceil(names.length / PANEL.columns) * (PANEL.height + PANEL.gap);
  return svg({ width, height }, [
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
    curves.length === 0
      ? ''
      : curvePanel({ title: CURVES_TITLE, curves }, { x: PANEL.gap, y: TITLE_HEIGHT, ...CURVES }),
    ...panels,
  ]);
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
