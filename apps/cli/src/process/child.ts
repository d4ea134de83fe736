import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '@vectorizer/errors';
import { identify, type ProcessIdentity } from './processes.ts';
import { answers } from './ready.ts';
import { runDirectory } from './state-file.ts';
import type { ProcessSpec } from './topology.ts';

/** Long enough to index millions of vectors anew; a process that dies meanwhile is noticed at once. */
const READY_MS_MAX = 3_600_000;
/** Between two looks, at first; then a tenth of what was waited already, as looking takes from what is waited for. */
const READY_POLL_MS = 25;
const READY_POLL_SHARE = 0.1;
/** Services stop within 30 s by themselves, log servers within their lame duck time. */
const STOP_MS_MAX = 40_000;
const TAIL_BYTES = 16 * 1024;

/** One run of one process of an instance; its output goes to `run/<name>.log`, which is kept within bounds (`BoundedLogs`). */
export class Child {
  readonly spec: ProcessSpec;
  readonly identity: ProcessIdentity;
  /** Resolves when the process has ended, whatever ended it. */
  readonly exited: Promise<void>;
  readonly #logFile: string;
  #gone = false;

  private constructor(spec: ProcessSpec, child: ChildProcess, logFile: string) {
    this.spec = spec;
    this.identity = identify(child.pid ?? 0);
    this.#logFile = logFile;
    this.exited = once(child, 'exit').then(() => {
      this.#gone = true;
    });
  }

  static async start(spec: ProcessSpec, data: string): Promise<Child> {
    const logFile = join(runDirectory(data), `${spec.name}.log`);
    const log = openSync(logFile, 'a');
    try {
      const child = spawn(spec.command, spec.args, {
        stdio: ['ignore', log, log],
        // Its own group: Ctrl-C in a terminal reaches the supervisor alone, which stops all in order.
        detached: true,
        env: { PATH: '/usr/bin:/bin', ...spec.environment },
      });
      await once(child, 'spawn');
      return new Child(spec, child, logFile);
    } catch (cause) {
      throw new Failure('service_unavailable', `${spec.name} cannot be started: ${String(cause)}`, { cause });
    } finally {
      closeSync(log);
    }
  }

  async ready(): Promise<void> {
    const startMs = performance.now();
    while (!this.#gone) {
      if (await answers(this.spec.readyUrl)) return;
      const waitedMs = performance.now() - startMs;
      if (waitedMs > READY_MS_MAX) break;
      await Promise.race([sleep(Math.max(READY_POLL_MS, waitedMs * READY_POLL_SHARE)), this.exited]);
    }
    const what = this.#gone ? 'ended before it was ready' : `was not ready within ${READY_MS_MAX / 1_000} s`;
    throw new Failure('service_unavailable', `${this.spec.name} ${what}: ${lastReason(this.#logFile)}`);
  }

  async stop(): Promise<void> {
    if (this.#gone) return;
    this.signal('SIGTERM');
    // One that is paused hears nothing.
    this.signal('SIGCONT');
    await Promise.race([this.exited, sleep(STOP_MS_MAX, undefined, { ref: false })]);
    if (this.#gone) return;
    this.signal('SIGKILL');
    await this.exited;
  }

  /** For the whole process: it leads a group, of what it may have started itself. */
  signal(signal: NodeJS.Signals): void {
    if (!this.#gone) process.kill(-this.identity.pid, signal);
  }
}

/** What the process said last: our services' `reason`, or the line as it is. */
function lastReason(logFile: string): string {
  const line = tailOf(logFile).trim().split('\n').at(-1) ?? '';
  try {
    const { reason, msg } = JSON.parse(line) as { readonly reason?: string; readonly msg?: string };
    return reason ?? msg ?? line;
  } catch {
    return line === '' ? `it said nothing (${logFile})` : line;
  }
}

function tailOf(file: string): string {
  const { size } = statSync(file);
  const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
  const handle = openSync(file, 'r');
  readSync(handle, bytes, 0, bytes.length, size - bytes.length);
  closeSync(handle);
  return bytes.toString('utf8');
}
