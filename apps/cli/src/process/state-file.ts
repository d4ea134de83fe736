import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from '@vectorizer/files';
import { ProcessIdentity } from './processes.ts';

/** `restarting`: it ended, and is started again in a moment; `held`: it ended, and is not until told to. */
export const ProcessState = z.enum(['running', 'paused', 'restarting', 'held']);
export type ProcessState = z.infer<typeof ProcessState>;

/** A process of an instance; one that ended is named by what it was. */
export const ProcessReport = ProcessIdentity.extend({
  name: z.string(),
  state: ProcessState,
  /** Its connections are cut. */
  cut: z.boolean(),
  /** Where it answers HTTP: a service its health and metrics, a log server its monitoring. */
  url: z.string(),
});
export type ProcessReport = z.infer<typeof ProcessReport>;

/** What runs on a data directory: written by the supervisor, read by every other command. */
export const InstanceState = z.object({
  v: z.literal(2),
  phase: z.enum(['starting', 'ready']),
  mode: z.enum(['standalone', 'cluster']),
  /** Of the first gateway, and of each. */
  url: z.string(),
  urls: z.array(z.string()),
  /** Of each log server, for who publishes events; absent where an older release started it. */
  log_urls: z.array(z.string()).optional(),
  /** It is what stops the others. */
  supervisor: ProcessIdentity,
  data: z.string(),
  /** Of the authority that signed the certificates; absent where everything is in the clear. */
  ca_file: z.string().optional(),
  started_at: z.iso.datetime(),
  processes: z.array(ProcessReport),
});
export type InstanceState = z.infer<typeof InstanceState>;

export function runDirectory(data: string): string {
  return join(data, 'run');
}

/** Undefined when nothing was ever started there, or what is there is not ours to understand. */
export async function readState(data: string): Promise<InstanceState | undefined> {
  let text: string;
  try {
    text = await readFile(stateFile(data), 'utf8');
  } catch {
    return undefined;
  }
  const parsed = InstanceState.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : undefined;
}

/** Readers come at any time. */
export async function writeState(state: InstanceState): Promise<void> {
  await mkdir(runDirectory(state.data), { recursive: true });
  await writeWhole(stateFile(state.data), JSON.stringify(state));
}

export async function removeState(data: string): Promise<void> {
  await rm(stateFile(data), { force: true });
}

function stateFile(data: string): string {
  return join(runDirectory(data), 'state.json');
}
