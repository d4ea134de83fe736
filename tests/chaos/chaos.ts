import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSystem, type ClusterShape } from '../system/system.ts';
import { describeRun } from './report.ts';
import { runChaos, type RunOptions, type RunResult } from './run.ts';

export type ChaosOptions = Pick<RunOptions, 'seed' | 'durationMs' | 'kinds' | 'targets' | 'load' | 'say'> & {
  readonly shape: ClusterShape & { readonly replicas: number };
  /** Logs that are outgrown within seconds: snapshots are stored, the logs cut, and replicas synced in full. */
  readonly smallLogs?: boolean;
  /** What a run leaves behind is kept also when it broke no promise. */
  readonly keep?: boolean;
};

export type ChaosResult = RunResult & {
  readonly report: string;
  /** What was kept; undefined when nothing was. */
  readonly kept: string | undefined;
};

/** An entry is kept for as long as a log may be without a leader, so that the judge reads it before it is cut off. */
const SMALL_LOGS = {
  VECTORIZER_LOG_BYTES_MAX: String(16 * 1024),
  VECTORIZER_LOG_RETENTION_MS: '15000',
  VECTORIZER_VERIFY_INTERVAL_MS: '1000',
};

/** A cluster of its own, a run on it, and what is to be said of that. What a failed run leaves behind is always kept. */
export async function chaos({
  shape,
  smallLogs = false,
  keep = false,
  ...options
}: ChaosOptions): Promise<ChaosResult> {
  const directory = await mkdtemp(join(tmpdir(), 'vectorizer-chaos-'));
  const logs = join(directory, 'logs');
  const settings = smallLogs ? SMALL_LOGS : {};
  await using system = await startSystem({ ...shape, faults: options.kinds.includes('cut') }, settings);
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
