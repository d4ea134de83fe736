import { InvalidArgumentError, Option, type Command } from 'commander';
import { limits } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { processTerminal, wholeNumber } from '@vectorizer/command-line';
import { comparePlan, describeComparison } from './compare.ts';
import { costTable } from './costs.ts';
import type { Demand } from './demand.ts';
import { describePlan } from './describe.ts';
import { planOf } from './plan.ts';
import { planTable } from './table.ts';

type Flags = Omit<Demand, 'shards' | 'nodes' | 'nodeMemoryBytes'> & {
  readonly shards?: number;
  readonly nodes?: number;
  /** GB. */
  readonly nodeMemory: number;
  readonly machineCores: number;
  readonly machinePrice: number;
  readonly diskPrice: number;
  readonly table?: boolean;
  readonly costs?: boolean;
  readonly measure?: boolean;
  readonly json?: boolean;
};

const POINTS_MAX = 100_000_000_000;
const BYTES_PER_GB = 1e9;

export function registerPlan(program: Command): void {
  const command = program
    .command('plan')
    .description('what a collection needs: memory, disk, cores, shards, nodes (docs/CAPACITY.md)');
  const options = [
    number('points', 'points that it will hold', [1, POINTS_MAX]).default(1_000_000),
    number('dimension', 'of a vector', [1, limits.dimensionMax]).default(768),
    new Option('--kind <kind>', 'of the collection').choices(['cpu', 'quantized', 'gpu']).default('cpu'),
    new Option('--quantization <type>', 'of a quantized one').choices(['int8', 'binary']).default('int8'),
    number('replicas', 'copies of each shard', [1, limits.replicationFactorMax]).default(2),
    number('shards', 'default: as many as suit', [1, limits.shardsMax]),
    number('nodes', 'index nodes; default: as many as suit', [1, 1_000]),
    number('qps', 'searches each second', [0, 10_000_000]).default(100),
    number('write-rate', 'points that are written each second', [0, 10_000_000]).default(0),
    number('payload-bytes', "of a point's payload, as JSON", [0, limits.payloadBytesMax]).default(0),
    number('indexes', 'payload indexes that are declared', [0, limits.payloadIndexesMax]).default(0),
    number('id-bytes', "of a point's id", [1, limits.idCharactersMax]).default(36),
    number('m', 'neighbours of an element of the graph', [2, 64]).default(16),
    number('ef', 'candidates of a search', [1, limits.efMax]).default(64),
    number('k', 'results of a search', [1, limits.kMax]).default(10),
    number('node-memory', 'GB that a machine has for an index node', [1, 100_000]).default(64),
    number('machine-cores', 'of a machine, two thirds of whose memory are --node-memory', [1, 10_000]).default(16),
    number('machine-price', 'of such a machine, a month', [0, 1_000_000]).default(500),
    new Option('--disk-price <n>', 'of a GB of disk, a month').argParser(amount).default(0.08),
  ];
  for (const option of options) command.addOption(option);
  command
    .option('--table', 'the table of docs/CAPACITY.md, of a million to a billion points')
    .option('--costs', 'machines and prices of ten million to a billion points (docs/SCALING.md)')
    .option('--measure', 'load so many made-up points into a new instance, and tell what they took beside the plan')
    .option('--json', 'one JSON object; sizes in bytes')
    .action(async ({ json, table, costs, measure, nodeMemory, shards, nodes, kind, ...flags }: Flags) => {
      if (kind !== 'quantized' && command.getOptionValueSource('quantization') === 'cli') {
        throw new Failure(
          'validation_error',
          `--quantization is of a quantized collection, and this is to be of kind ${kind}`,
        );
      }
      if (nodes !== undefined && nodes < flags.replicas) {
        throw new Failure('validation_error', `${flags.replicas} replicas need as many nodes, not ${nodes}`);
      }
      const demand = { ...flags, kind, shards, nodes, nodeMemoryBytes: nodeMemory * BYTES_PER_GB };
      if (table === true) return processTerminal.out(planTable(demand));
      if (costs === true) {
        const { machineCores: cores, machinePrice: price, diskPrice: diskPricePerGb } = flags;
        const machine = { roomBytes: demand.nodeMemoryBytes, cores, price, diskPricePerGb };
        return processTerminal.out(costTable(demand, machine));
      }
      if (measure === true) {
        const found = await comparePlan(demand);
        return processTerminal.out(json === true ? JSON.stringify(found) : describeComparison(found));
      }
      const plan = planOf(demand);
      processTerminal.out(json === true ? JSON.stringify(plan) : describePlan(plan));
    });
}

function number(flag: string, what: string, [min, max]: readonly [number, number]): Option {
  return new Option(`--${flag} <n>`, what).argParser(wholeNumber(min, max));
}

function amount(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('a number of 0 or more.');
}
