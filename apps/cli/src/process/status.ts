import { trustAuthorityIn } from '../trust.ts';
import { isAlive } from './processes.ts';
import { readState, type ProcessReport } from './state-file.ts';

export type InstanceStatus = {
  readonly running: boolean;
  readonly data: string;
  readonly mode?: string;
  readonly url?: string;
  readonly urls?: readonly string[];
  /** Where producers of events connect. */
  readonly log_urls?: readonly string[] | undefined;
  readonly pid?: number;
  readonly started_at?: string;
  readonly health?: string;
  readonly failed_checks?: readonly string[];
  readonly processes: readonly (Omit<ProcessReport, 'birth'> & { readonly alive: boolean })[];
};

const HEALTH_MS_MAX = 3_000;

export async function instanceStatus(data: string): Promise<InstanceStatus> {
  const state = await readState(data);
  if (state === undefined) return { running: false, data, processes: [] };
  const { mode, url, urls, log_urls, supervisor, started_at, ca_file } = state;
  if (ca_file !== undefined) await trustAuthorityIn(ca_file);
  const processes = state.processes.map(({ birth, ...report }) => ({
    ...report,
    alive: isAlive({ pid: report.pid, birth }),
  }));
  const running = isAlive(supervisor) && state.phase === 'ready';
  const about = { running, data, mode, url, urls, log_urls, pid: supervisor.pid, started_at };
  return { ...about, ...(await healthOf(url)), processes };
}

async function healthOf(url: string): Promise<Pick<InstanceStatus, 'health' | 'failed_checks'>> {
  try {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(HEALTH_MS_MAX) });
    const { status, failed_checks } = (await answer.json()) as { status: string; failed_checks: string[] };
    return { health: status, failed_checks };
  } catch {
    return { health: 'unreachable' };
  }
}
