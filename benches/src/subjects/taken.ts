import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** What processes of this machine take, read from /proc. Where there is none it is not a number. */

/** All of its pages that are in memory. */
export function residentMb(pid: number): number {
  return megabytes(pid, 'VmRSS');
}

/** Without the pages of mapped files, which the system takes back when it needs them. */
export function ownMb(pid: number): number {
  return megabytes(pid, 'RssAnon');
}

/** Of all its threads since it started: to the nanosecond, where `stat` counts hundredths of a second. */
export function processorMs(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  if (!existsSync(tasks)) return NaN;
  const nanoseconds = readdirSync(tasks).map((task) => {
    const [ran = NaN] = readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ').map(Number);
    return ran;
  });
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
}

/** How many files a process may have open, sockets among them. */
export function openFilesMax(pid: number | 'self'): number {
  const file = `/proc/${pid}/limits`;
  if (!existsSync(file)) return NaN;
  return Number(/^Max open files\s+(\d+)/m.exec(readFileSync(file, 'utf8'))?.[1] ?? Infinity);
}

export function openFiles(pid: number): number {
  const files = `/proc/${pid}/fd`;
  return existsSync(files) ? readdirSync(files).length : NaN;
}

function megabytes(pid: number, name: string): number {
  const file = `/proc/${pid}/status`;
  if (!existsSync(file)) return NaN;
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(file, 'utf8'))?.[1]) / 1_024;
}
