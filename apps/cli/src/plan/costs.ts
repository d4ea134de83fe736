import { billOf, MEMORY_SHARE, type Machine } from './bill.ts';
import type { Demand } from './demand.ts';
import { size } from './describe.ts';
import { planOf } from './plan.ts';
import { KINDS } from './table.ts';

const POINTS = [1e7, 1e8, 1e9];
const DIMENSIONS = [128, 768];

/** The table of docs/SCALING.md: machines, memory and price of the demand that is given, but for points, dimension and kind. */
export function costTable(given: Demand, machine: Machine): string {
  const rows = POINTS.flatMap((points) =>
    DIMENSIONS.flatMap((dimension) =>
      KINDS.map((kind) => {
        const plan = planOf({ ...given, ...kind, points, dimension });
        const { machines, bound, price } = billOf(plan, machine);
        const { memory, disk, cores } = plan.total;
        const cells = [
          points.toLocaleString('en-US'),
          dimension,
          kind.kind === 'cpu' ? '`cpu`' : `\`${kind.quantization}\``,
          size(memory),
          size(disk),
          cores.toFixed(1),
          `${machines} (${bound})`,
          Math.round(price).toLocaleString('en-US'),
        ];
        return `| ${cells.join(' | ')} |`;
      }),
    ),
  );
  const room = `${size(machine.roomBytes / MEMORY_SHARE)} and ${machine.cores} cores`;
  return [
    `Machines of ${room} at ${machine.price} a month, ${machine.diskPricePerGb} for a GB of disk:`,
    '',
    '| points | dimensions | kind | memory | disk | cores | machines, for | a month |',
    '|---:|---:|---|---:|---:|---:|---:|---:|',
    ...rows,
  ].join('\n');
}
