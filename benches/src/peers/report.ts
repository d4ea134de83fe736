import type { Recorded } from '../outcome/record.ts';
import { curveOf, curvePanel } from '../outcome/curves.ts';
import { digits, type Result } from '../outcome/result.ts';
import { svg, text } from '../outcome/shapes.ts';

/** What the tables need to know of a server, as it is written to a file with the figures. */
export type About = { readonly name: string; readonly title: string; readonly settings: string };
export type PeersRecord = Recorded & { readonly servers: readonly About[]; readonly recall: number };

const COLOURS = ['#0b62a4', '#b5541c', '#2a7d3f', '#7b3fa0'] as const;
const CURVES_TITLE = 'searches per second on 32 connections by recall@10, ef from 16 to 256';
const PANEL = { x: 20, y: 60, width: 860, height: 480 } as const;

const ROWS = [
  { what: 'ingest.accepted_per_s', title: 'written, durable: points/s' },
  { what: 'ingest.indexed_per_s', title: 'written and all in the graph: points/s' },
  { what: 'search.http1.qps', title: 'searches/s on 1 connection' },
  { what: 'search.http1.p50_ms', title: 'p50, ms' },
  { what: 'search.http8.qps', title: 'searches/s on 8 connections' },
  { what: 'search.http32.qps', title: 'searches/s on 32 connections' },
  { what: 'search.http32.p99_ms', title: 'p99, ms' },
  { what: 'search.filter.10.qps', title: 'searches/s, filter lets 10 % through' },
  { what: 'search.filter.1.qps', title: 'searches/s, filter lets 1 % through' },
  { what: 'search.filter.0_1.qps', title: 'searches/s, filter lets 0.1 % through' },
  { what: 'search.under_writes.p99_ms', title: 'p99 on 1 connection beside 500 updates/s, ms' },
  { what: 'update_per_s', title: 'updates/s, one after the other, durable' },
  { what: 'memory_mb', title: 'memory, MB' },
  { what: 'disk_mb', title: 'disk, MB' },
  { what: 'restart_s', title: 'down, up, and the first search answered: s' },
] as const;

/** The table of docs/BENCHMARKS.md; recall is in brackets behind what it belongs to. */
export function markdownOfPeers(record: PeersRecord): string[] {
  const { servers, machine, results } = record;
  const found = new Map(results.map((result) => [result.name, result]));
  return [
    `${record.at.slice(0, 10)}, commit ${record.commit}: ${machine.cores} × ${machine.cpu}, load ${machine.load.toFixed(2)} at the start; ` +
      `Node ${machine.node}; data: ${record.dataset}; ${record.rounds} rounds; each at the least ef with recall@10 ≥ ${record.recall}.`,
    '',
    `| | ${servers.map(({ title }) => title).join(' | ')} |`,
    `|---|${servers.map(() => '---:').join('|')}|`,
    ...ROWS.map(({ what, title }) => {
      const cells = servers.map(({ name }) => cell(found.get(`${name}.${what}`)));
      return `| ${title} | ${cells.join(' | ')} |`;
    }),
    '',
    ...servers.map(({ title, settings }) => `- ${title}: ${settings}.`),
  ];
}

function cell(result: Result | undefined): string {
  if (result === undefined) return 'failed';
  const { value, recall } = result;
  return recall === undefined ? digits(value) : `${digits(value)} (${recall.toFixed(3)})`;
}

/** Searches per second on 32 connections by recall, one curve to a server. */
export function drawPeers({ servers, results, at, dataset, machine }: PeersRecord): string {
  const curves = servers.flatMap(({ name, title }, i) =>
    curveOf(results, { prefix: `${name}.search.ef`, name: title, colour: COLOURS[i % COLOURS.length] ?? COLOURS[0] }),
  );
  return svg({ width: PANEL.width + 2 * PANEL.x, height: PANEL.y + PANEL.height + PANEL.x }, [
    text({ x: PANEL.x, y: 24 }, `${dataset}: searches of several servers`, 'font-size="16" font-weight="600"'),
    text({ x: PANEL.x, y: 44 }, `${at}, ${machine.cores} × ${machine.cpu}`, 'fill="#666"'),
    curvePanel({ title: CURVES_TITLE, curves, scale: Math.log10 }, PANEL),
  ]);
}
