import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSystem, type ClusterShape } from '../system/system.ts';
import { describeRun } from './report.ts';
import { runChaos, type RunOptions, type RunResult } from './run.ts';

export type ChaosOptions = Pick<RunOptions, 'seed' | 'durationMs' | 'kinds' | 'targets' | 'say'> & {
  readonly shape: ClusterShape & { readonly replicas: number };
  /** What a run leaves behind is kept also when it broke no promise. */
  readonly keep?: boolean;
};

export type ChaosResult = RunResult & {
  readonly report: string;
  /** What was kept; undefined when nothing was. */
  readonly kept: string | undefined;
};

/** A cluster of its own, a run on it, and what is to be said of that. What a failed run leaves behind is always kept. */
export async function chaos({ shape, keep = false, ...options }: ChaosOptions): Promise<ChaosResult> {
  const directory = await mkdtemp(join(tmpdir(), 'vectorizer-chaos-'));
  const logs = join(directory, 'logs');
  await using system = await startSystem({ ...shape, faults: options.kinds.includes('cut') });
  const keepLogs = async (): Promise<void> => cp(join(system.data, 'run'), logs, { recursive: true, filter: isLog });
  let result: RunResult;
  try {
    result = await runChaos({ ...options, system, replicas: shape.replicas, directory });
  } catch (cause) {
    await keepLogs();
    throw new Error(`chaos: the run of seed ${options.seed} broke off; see ${directory}`, { cause });
  }
  const kept = keep || result.violations.length > 0 ? directory : undefined;
  if (kept === undefined) await rm(directory, { recursive: true });
  else await keepLogs();
  const report = describeRun({ seed: options.seed, result, logs: kept === undefined ? undefined : logs });
  return { ...result, kept, report };
}

/** Sockets cannot be copied. */
function isLog(path: string): boolean {
  return !path.includes('.') || path.endsWith('.log') || path.endsWith('.json');
}
