import { readdirSync, readFileSync } from 'node:fs';

/**
 * Makes a process stand still until SIGCONT; it does when this returns. The signal alone is only delivered then: a thread that
 * runs may still answer something.
 */
export function pauseProcess(pid: number): void {
  process.kill(pid, 'SIGSTOP');
  while (!readdirSync(`/proc/${pid}/task`).every((thread) => isStopped(`/proc/${pid}/task/${thread}/stat`)));
}

/** See proc_pid_stat(5): the state follows the name, which may have any character but is in parentheses. */
function isStopped(file: string): boolean {
  try {
    const text = readFileSync(file, 'latin1');
    return text.charAt(text.lastIndexOf(')') + 2) === 'T';
  } catch {
    // A thread that has just ended runs no more.
    return true;
  }
}
