import { useEffect, useRef, type ReactElement } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useObservable } from '../ui/observable.ts';
import { theme } from '../ui/theme.ts';

export type Line = {
  readonly name: string;
  readonly color: `--${string}`;
  readonly values: readonly (number | null)[];
};
export type ChartProps = {
  readonly label: string;
  /** Seconds since the epoch. */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
};

const HEIGHT = 168;
const DARK = '(prefers-color-scheme: dark)';

/** Lines over time. The canvas says nothing to a screen reader: what it shows last stands beside it as text. */
export function Chart({ label, times, lines, format }: ChartProps): ReactElement {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const chosen = useObservable(theme);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const draw = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(element, lines, format), dataOf(times, lines), element);
    };
    draw();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    const scheme = matchMedia(DARK);
    scheme.addEventListener('change', draw);
    return () => {
      resized.disconnect();
      scheme.removeEventListener('change', draw);
      plot.current?.destroy();
      plot.current = undefined;
    };
    // Drawn anew when its colors change; new values are only handed to it, below.
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- see above
  }, [chosen]);
  useEffect(() => plot.current?.setData(dataOf(times, lines)), [times, lines]);
  return (
    <figure className="chart" aria-label={label}>
      <figcaption>
        <dl className="legend">
          {lines.map(({ name, color, values }) => (
            <div key={name} className={`swatch${color}`}>
              <dt>{name}</dt>
              <dd>{shownLast(values, format)}</dd>
            </div>
          ))}
        </dl>
      </figcaption>
      <div ref={place} className="plot" aria-hidden="true" />
    </figure>
  );
}

function shownLast(values: readonly (number | null)[], format: (value: number) => string): string {
  const last = values.at(-1) ?? null;
  return last === null ? '–' : format(last);
}

function dataOf(times: readonly number[], lines: readonly Line[]): uPlot.AlignedData {
  return [[...times], ...lines.map(({ values }) => [...values])];
}

function optionsOf(element: HTMLElement, lines: readonly Line[], format: (value: number) => string): uPlot.Options {
  const color = (name: string): string => colorOf(element, name);
  const axis = {
    stroke: color('--text-muted'),
    font: '11px "Inter Variable", sans-serif',
    grid: { stroke: color('--edge'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    scales: { y: { range: (_, __, max) => [0, Math.max(max * 1.1, 1)] } },
    axes: [
      { ...axis, size: 26, space: 80, values: '{HH}:{mm}:{ss}' },
      { ...axis, size: 64, space: 36, values: (_, splits) => splits.map(format) },
    ],
    series: [
      {},
      ...lines.map(({ name, color: own }): uPlot.Series => ({
        label: name,
        stroke: color(own),
        width: 1.5,
        points: { show: false },
      })),
    ],
  };
}

/** A canvas knows no custom properties, and their text may depend on the scheme: the browser is asked what comes of it. */
function colorOf(element: HTMLElement, name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
