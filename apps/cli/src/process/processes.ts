import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

/** A process, told from a later one of the same id by when it began (clock ticks since the machine started). */
export const ProcessIdentity = z.object({ pid: z.int().positive(), birth: z.int().nonnegative() });
export type ProcessIdentity = z.infer<typeof ProcessIdentity>;

const POLL_MS = 20;

export function identify(pid: number): ProcessIdentity {
  return { pid, birth: lookAt(pid) ?? 0 };
}

export function isAlive({ pid, birth }: ProcessIdentity): boolean {
  return lookAt(pid) === birth;
}

/** Asks a process to stop, and makes it after `graceMs`. Returns when it is gone. */
export async function stopProcess(identity: ProcessIdentity, graceMs: number): Promise<void> {
  if (!isAlive(identity)) return;
  process.kill(identity.pid, 'SIGTERM');
  // One that is paused hears nothing.
  process.kill(identity.pid, 'SIGCONT');
  if (await isGone(identity, graceMs)) return;
  process.kill(identity.pid, 'SIGKILL');
  await isGone(identity, graceMs);
}

async function isGone(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (isAlive(identity)) {
    if (Date.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** When the process began; undefined for none, and for one that has ended and waits for its parent. See proc(5). */
function lookAt(pid: number): number | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The command's name, in parentheses, may hold spaces and parentheses itself.
  const [state, ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || state === 'X' ? undefined : Number(fields[18]);
}
