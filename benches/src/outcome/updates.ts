import type { Kind } from '@vectorizer/contracts';
import { KINDS, updatePrefix, WAITS } from '../kinds.ts';
import { digits, type Result } from './result.ts';

/** One line of the table "update vs delete + insert"; of what was not measured there is none. */
export type UpdateRow = {
  readonly kind: Kind;
  readonly level: string;
  readonly update: string;
  readonly deleteInsert: string;
  readonly ratio: string;
  readonly cv: string;
};

type Level = { readonly level: string; readonly unit: string; readonly names: readonly [string, string, string] };

const LEVELS: readonly Level[] = [
  {
    level: 'engine, foreground, against hnswlib',
    unit: 'µs',
    names: ['engine.us', 'hnswlib.delete_insert_us', 'engine.speedup'],
  },
  {
    level: 'engine, foreground, against two entries',
    unit: 'µs',
    names: ['engine.us', 'engine.two_entries_us', 'engine.vs_two_entries'],
  },
  {
    level: 'engine, processor time with all that follows',
    unit: 'µs',
    names: ['engine.cpu_us', 'engine.two_entries_cpu_us', 'engine.cpu_ratio'],
  },
  ...WAITS.map((wait): Level => {
    const name = `http.${wait}`;
    return {
      level: `HTTP, wait=${wait}`,
      unit: 'ms',
      names: [`${name}.ms`, `${name}.delete_insert_ms`, `${name}.speedup`],
    };
  }),
];

/** Every ratio says how many times the update is faster; so does that of processor time, whose figure is the inverse. */
export function updateRows(results: readonly Result[]): UpdateRow[] {
  const byName = new Map(results.map((result) => [result.name, result]));
  return KINDS.flatMap((kind) =>
    LEVELS.flatMap(({ level, unit, names }) => {
      const [update, deleteInsert, ratio] = names.map((name) => byName.get(`${updatePrefix(kind)}.${name}`));
      if (update === undefined || deleteInsert === undefined || ratio === undefined) return [];
      const times = ratio.name.endsWith('.cpu_ratio') ? 1 / ratio.value : ratio.value;
      return {
        kind,
        level,
        update: `${digits(update.value)} ${unit}`,
        deleteInsert: `${digits(deleteInsert.value)} ${unit}`,
        ratio: `${times.toFixed(2)} ×`,
        cv: `${(ratio.cv * 100).toFixed(1)} %`,
      };
    }),
  );
}

export function updateTable(rows: readonly UpdateRow[]): readonly string[] {
  return [
    line(['kind', 'update vs delete + insert', 'update', 'delete + insert', 'faster', 'cv']),
    ...rows.map(({ kind, level, update, deleteInsert, ratio, cv }) =>
      line([kind, level, update, deleteInsert, ratio, cv]),
    ),
  ];
}

function line([kind = '', level = '', ...figures]: readonly string[]): string {
  return `${kind.padEnd(11)}${level.padEnd(46)}${figures.map((cell) => cell.padStart(16)).join('')}`;
}
