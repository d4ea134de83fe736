import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

export type Ran = { readonly code: number; readonly printed: string };
/** One that a person would have open beside a document: what a step sets, the next ones find. */
export type Shell = AsyncDisposable & { run(command: string): Promise<Ran> };

const STEP_MS_MAX = 90_000;
/** A step ends with its first command that fails, and the shell goes on. */
const PROLOGUE = `set -E -o pipefail; trap 'return $?' ERR\n`;

export async function openShell(directory: string, environment: Record<string, string>): Promise<Shell> {
  const child = spawn('bash', ['--noprofile', '--norc'], {
    cwd: directory,
    env: environment,
    // Of a group of its own, so that what hangs can be ended with it.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
  });
  const group = child.pid ?? 0;
  const ended = once(child, 'exit');
  const [stdin, , , answers] = child.stdio as unknown as [Writable, null, null, Readable];
  const codes = createInterface({ input: answers })[Symbol.asyncIterator]();
  stdin.write(PROLOGUE);
  let steps = 0;
  return {
    async run(command) {
      const file = join(directory, '.home', `step-${++steps}`);
      await writeFile(file, `${command}\n`);
      stdin.write(`. ${file} >${file}.out 2>&1 </dev/null; echo $? >&3\n`);
      const hangs = setTimeout(() => stopGroup(group), STEP_MS_MAX);
      const code = await codes.next();
      clearTimeout(hangs);
      const printed = await readFile(`${file}.out`, 'utf8');
      if (code.done === true)
        return { code: -1, printed: `${printed}\n(the shell has ended, or ${STEP_MS_MAX} ms went by)` };
      return { code: Number(code.value), printed };
    },
    async [Symbol.asyncDispose]() {
      stdin.end();
      await ended;
      stopGroup(group);
    },
  };
}

/** With what was left in the background. */
function stopGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // Nothing of it is left.
  }
}
