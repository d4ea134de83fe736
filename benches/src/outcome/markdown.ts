import { boundsOf, describeBounds, type Budgets } from './budgets.ts';
import type { Recorded } from './record.ts';
import { digits } from './result.ts';
import { updateRows } from './updates.ts';

/** The tables of docs/BENCHMARKS.md. */
export function markdownOf(record: Recorded, budgets: Budgets): readonly string[] {
  const { at, commit, quick, rounds, machine, dataset, results } = record;
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const lines = [
    `${at.slice(0, 10)}, commit ${commit}: ${machine.cores} × ${machine.cpu}, load ${machine.load.toFixed(2)} at the start; ` +
      `Node ${machine.node}, ${versions.join(', ')}; data: ${dataset}; ${rounds} rounds${quick ? ', quick' : ''}.`,
    '',
    '| figure | median | unit | cv | recall@10 | budget |',
    '|---|---:|---|---:|---:|---|',
    ...results.map(({ name, value, unit, cv, recall }) => {
      const bounds = describeBounds(boundsOf(budgets, name, quick) ?? {});
      return `| \`${name}\` | ${digits(value)} | ${unit} | ${(cv * 100).toFixed(1)} % | ${recall?.toFixed(4) ?? ''} | ${bounds} |`;
    }),
  ];
  const rows = updateRows(results);
  if (rows.length === 0) return lines;
  return [
    ...lines,
    '',
    '| kind | update vs delete + insert | update | delete + insert | faster | cv |',
    '|---|---|---:|---:|---:|---:|',
    ...rows.map(
      ({ kind, level, update, deleteInsert, ratio, cv }) =>
        `| ${kind} | ${level} | ${update} | ${deleteInsert} | ${ratio} | ${cv} |`,
    ),
  ];
}
