import type { Demand } from './demand.ts';
import { size } from './describe.ts';
import { planOf } from './plan.ts';

const POINTS = [1e6, 1e7, 1e8, 1e9];
const DIMENSIONS = [128, 256, 768, 1_536];
/** A graph, and both ways to quantize. */
export const KINDS = [
  { kind: 'cpu', quantization: 'int8' },
  { kind: 'quantized', quantization: 'int8' },
  { kind: 'quantized', quantization: 'binary' },
] as const;

/** The table of docs/CAPACITY.md: the demand that is given, but for points, dimension and kind. */
export function planTable(given: Demand): string {
  const rows = POINTS.flatMap((points) =>
    DIMENSIONS.map((dimension) => {
      const plans = KINDS.map((kind) => planOf({ ...given, ...kind, points, dimension }));
      const disk = (plans[0]?.nodes ?? 0) * (plans[0]?.node.disk.total ?? 0);
      const cells = plans.map(({ shards, nodes, node }) => `${shards} · ${nodes} × ${size(node.memory.total)}`);
      return `| ${points.toLocaleString('en-US')} | ${dimension} | ${cells.join(' | ')} | ${size(disk)} |`;
    }),
  );
  return [
    '| points | dimensions | `cpu` | `quantized`, `int8` | `quantized`, `binary` | disk of `cpu` |',
    '|---:|---:|---|---|---|---:|',
    ...rows,
  ].join('\n');
}
