import { resolve } from 'node:path';
import type { Command } from 'commander';
import { dataOption } from '../process/data-option.ts';
import { findLines, type FoundLine } from './find-lines.ts';

/** As of grep: nothing was found. */
const EXIT_NOTHING = 1;
/** What stands at the head of a printed line, or is the same for all. */
const HEAD: ReadonlySet<string> = new Set(['time', 'level', 'service', 'msg', 'correlation_id', 'trace_id', 'span_id']);

export function registerLogs(program: Command): void {
  program
    .command('logs')
    .argument('<id>', 'a correlation id, as in the X-Correlation-ID of an answer, or the id of a trace')
    .description('what every process has written about a request, in order, and its trace')
    .addOption(dataOption())
    .option('--json', 'the lines as they were written, and `process`')
    .action(async (id: string, { data, json = false }: { data: string; json?: boolean }) => {
      const lines = await findLines(resolve(data), id);
      if (lines.length === 0) process.exitCode = EXIT_NOTHING;
      process.stdout.write(json ? jsonOf(lines) : textOf(lines, id));
    });
}

function jsonOf(lines: readonly FoundLine[]): string {
  return lines.map(({ process: name, fields }) => `${JSON.stringify({ process: name, ...fields })}\n`).join('');
}

function textOf(lines: readonly FoundLine[], id: string): string {
  if (lines.length === 0) {
    return `no line is about ${id}: at level info only what fails is told; PUT /api/v1/log-level tells more\n`;
  }
  const traces = [
    ...new Set(lines.flatMap(({ fields: { trace_id: trace } }) => (typeof trace === 'string' ? [trace] : []))),
  ];
  const trace = traces.length === 0 ? 'no trace was recorded of it' : `trace ${traces.join(', ')}`;
  return `${lines.map(print).join('\n')}\n${trace}\n`;
}

function print({ process: name, fields }: FoundLine): string {
  const { time, level, msg } = fields;
  const rest = Object.entries(fields).filter(([field]) => !HEAD.has(field));
  const told = rest.map(([field, value]) => `${field}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return [time, String(level).padEnd(5), name.padEnd(12), msg, ...told].join('  ');
}
