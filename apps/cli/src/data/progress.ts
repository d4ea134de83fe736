import { SingleBar } from 'cli-progress';
import type { Terminal } from '../terminal.ts';

/** Between lines where there is no bar. */
const LINE_EVERY_MS = 5_000;
/** Repainting more often would only flicker. */
const PAINTS_PER_S = 10;

export type Progress = {
  readonly update: (rows: number) => void;
  readonly stop: () => void;
};
export type ProgressOptions = {
  /** Where a resumed load begins: the rate is that of what came after. */
  readonly label: string;
  /** About how many rows there are; undefined while nobody knows. */
  readonly total: (rows: number) => number | undefined;
};

/** A bar for a person, and a line every few seconds for a file. Both go to stderr. */
export function showProgress(terminal: Terminal, options: ProgressOptions): Progress {
  return terminal.interactive ? bar(options) : lines(terminal, options);
}

function bar({ label, total }: ProgressOptions): Progress {
  const format = `${label} {bar} {percentage}% | {rows} rows | {rate}/s | {left}`;
  const shown = new SingleBar({
    format,
    stream: process.stderr,
    fps: PAINTS_PER_S,
    hideCursor: true,
    barsize: 30,
    clearOnComplete: true,
    stopOnComplete: false,
  });
  const pace = new Pace(total);
  shown.start(1, 0, { rows: '0', rate: '0', left: '' });
  return {
    update: (rows) => {
      const { rate, left, all } = pace.at(rows);
      // Without a known end the bar stays empty, and the other figures go on.
      shown.setTotal(Math.max(1, all ?? Infinity));
      shown.update(rows, { rows: grouped(rows), rate: grouped(rate), left });
    },
    stop: () => shown.stop(),
  };
}

function lines(terminal: Terminal, { label, total }: ProgressOptions): Progress {
  const pace = new Pace(total);
  let next = performance.now() + LINE_EVERY_MS;
  return {
    update: (rows) => {
      const { rate, left, all } = pace.at(rows);
      if (performance.now() < next) return;
      next = performance.now() + LINE_EVERY_MS;
      const of = all === undefined ? '' : ` of ${grouped(all)}`;
      terminal.err(`${label}: ${grouped(rows)}${of} rows, ${grouped(rate)}/s${left === '' ? '' : `, ${left}`}`);
    },
    stop: () => undefined,
  };
}

class Pace {
  readonly #total: ProgressOptions['total'];
  #from: { readonly rows: number; readonly at: number } | undefined;

  constructor(total: ProgressOptions['total']) {
    this.#total = total;
  }

  /** The first call sets where the rate is counted from. */
  at(rows: number): { readonly rate: number; readonly left: string; readonly all: number | undefined } {
    const now = performance.now();
    this.#from ??= { rows, at: now };
    const { rows: before, at } = this.#from;
    const rate = now === at ? 0 : ((rows - before) * 1_000) / (now - at);
    const all = this.#total(rows);
    const left = all === undefined || rate === 0 ? '' : `${duration(Math.max(0, all - rows) / rate)} left`;
    return { rate, left, all };
  }
}

function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}

function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
