import { markdownOf } from '../outcome/markdown.ts';
import type { Recorded } from '../outcome/record.ts';
import { digits, type Result } from '../outcome/result.ts';

const COSTS = [
  { what: 'search_us', title: 'a search, µs (recall@10)' },
  { what: 'insert_us', title: 'an insertion, µs of a core' },
  { what: 'memory_bytes_per_point', title: 'memory of a point, B' },
  { what: 'disk_bytes_per_point', title: 'disk of a point, B' },
  { what: 'restart_s', title: 'restart, s' },
] as const;
const SIZE = /^scale\.size\.d(\d+)\.n(\d+)\./;

/** The tables of docs/SCALING.md: costs by size, if they were measured, and then every figure that is not in there. */
export function markdownOfScale(record: Recorded): readonly string[] {
  const rest = record.results.filter(({ name }) => !SIZE.test(name));
  return [...markdownOf({ ...record, results: rest }, {}), ...sizeTable(record.results)];
}

function sizeTable(results: readonly Result[]): readonly string[] {
  const found = new Map(results.map((result) => [result.name, result]));
  const sizes = new Set(results.flatMap(({ name }) => SIZE.exec(name)?.[0] ?? []));
  if (sizes.size === 0) return [];
  return [
    '',
    `| points × dimensions | ${COSTS.map(({ title }) => title).join(' | ')} |`,
    `|---|${COSTS.map(() => '---:').join('|')}|`,
    ...[...sizes].map((prefix) => {
      const [, dimension = '', size = ''] = SIZE.exec(prefix) ?? [];
      const cells = COSTS.map(({ what }) => cell(found.get(`${prefix}${what}`)));
      return `| ${Number(size).toLocaleString('en')} × ${dimension} | ${cells.join(' | ')} |`;
    }),
  ];
}

function cell(result: Result | undefined): string {
  if (result === undefined) return '';
  const { value, recall } = result;
  return recall === undefined ? digits(value) : `${digits(value)} (${recall.toFixed(3)})`;
}
