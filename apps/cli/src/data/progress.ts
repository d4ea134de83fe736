import { SingleBar } from 'cli-progress';
import type { Terminal } from '@vectorizer/command-line';

/** Often enough to see that it lives, seldom enough for a log. */
const LINE_EVERY_MS = 5_000;
/** Repainting more often would only flicker. */
const PAINTS_PER_S = 10;

/** `reached` rows of the file are done with, `done` of them by this run: only those tell how fast it goes. */
export type Position = { readonly reached: number; readonly done: number };
export type Progress = {
  readonly update: (position: Position) => void;
  readonly stop: () => void;
};
export type ProgressOptions = {
  readonly label: string;
  /** About how many rows there are; undefined while nobody knows. */
  readonly total: (rows: number) => number | undefined;
  /** Between lines where there is no bar. */
  readonly lineEveryMs?: number;
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
    update: (position) => {
      const { rate, left, all } = pace.at(position);
      // Without a known end the bar stays empty, and the other figures go on.
      shown.setTotal(Math.max(1, all ?? Infinity));
      shown.update(position.reached, { rows: grouped(position.reached), rate: grouped(rate), left });
    },
    stop: () => shown.stop(),
  };
}

function lines(terminal: Terminal, { label, total, lineEveryMs = LINE_EVERY_MS }: ProgressOptions): Progress {
  const pace = new Pace(total);
  let next = performance.now() + lineEveryMs;
  return {
    update: (position) => {
      const { rate, left, all } = pace.at(position);
      if (performance.now() < next) return;
      next = performance.now() + lineEveryMs;
      const of = all === undefined ? '' : ` of ${grouped(all)}`;
      terminal.err(
        `${label}: ${grouped(position.reached)}${of} rows, ${grouped(rate)}/s${left === '' ? '' : `, ${left}`}`,
      );
    },
    stop: () => undefined,
  };
}

class Pace {
  readonly #total: ProgressOptions['total'];
  #from: { readonly done: number; readonly at: number } | undefined;

  constructor(total: ProgressOptions['total']) {
    this.#total = total;
  }

  at({ reached, done }: Position): { readonly rate: number; readonly left: string; readonly all: number | undefined } {
    const now = performance.now();
    // Skipping what is there already is much faster than loading, and would promise too early an end.
    if (done > 0) this.#from ??= { done, at: now };
    const from = this.#from ?? { done, at: now };
    const rate = now === from.at ? 0 : ((done - from.done) * 1_000) / (now - from.at);
    const all = this.#total(reached);
    const left = all === undefined || rate === 0 ? '' : `${duration(Math.max(0, all - reached) / rate)} left`;
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
