import { isAlive, stopProcess } from './processes.ts';
import { readState, removeState } from './state-file.ts';

/** The supervisor stops its processes in order, each within its own time. */
const SUPERVISOR_MS_MAX = 90_000;
const LEFTOVER_MS_MAX = 10_000;

/** Stops what runs on the directory; false when nothing did. */
export async function stopInstance(data: string): Promise<boolean> {
  const state = await readState(data);
  if (state === undefined) return false;
  const wasRunning = [state.supervisor, ...state.processes].some(isAlive);
  await stopProcess(state.supervisor, SUPERVISOR_MS_MAX);
  for (const left of state.processes.toReversed()) await stopProcess(left, LEFTOVER_MS_MAX);
  await removeState(data);
  return wasRunning;
}
