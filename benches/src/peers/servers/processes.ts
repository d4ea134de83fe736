import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** The process and all that it started, and so on. */
export function family(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const each of readdirSync('/proc').map(Number).filter(Number.isInteger)) {
    const parent = parentOf(each);
    children.set(parent, [...(children.get(parent) ?? []), each]);
  }
  const below = (one: number): number[] => [one, ...(children.get(one) ?? []).flatMap(below)];
  return below(pid);
}

function parentOf(pid: number): number {
  // The name of the program, in brackets, may have blanks.
  return Number(read(pid, 'stat').split(') ').at(-1)?.split(' ')[1]);
}

/** Their share of the memory, where what several hold counts once. */
export function memoryMb(pids: readonly number[]): number {
  const kilobytes = pids.map((pid) => Number(/^Pss:\s+(\d+) kB/m.exec(read(pid, 'smaps_rollup'))?.[1] ?? 0));
  return kilobytes.reduce((sum, each) => sum + each, 0) / 1_024;
}

/** Nothing of a process that has ended meanwhile. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

/** What a directory takes on disk, where files with holes count for what they hold. */
export async function diskMb(directory: string): Promise<number> {
  const { stdout } = await promisify(execFile)('du', ['-sk', directory]);
  return Number(stdout.split('\t')[0]) / 1_024;
}
