import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { pauseProcess } from './pause-process.ts';

/** A real server that a test started: `kill` is a crash, `stop` a shutdown, `pause`/`resume` freeze it in between. */
export class ServerProcess {
  readonly #command: string;
  readonly #args: readonly string[];
  readonly #ready: () => Promise<void>;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(command: string, args: readonly string[], ready: () => Promise<void>) {
    this.#command = command;
    this.#args = args;
    this.#ready = ready;
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error(`${this.#command} is not running`);
    return this.#child.pid;
  }

  async start(): Promise<void> {
    const child = spawn(this.#command, this.#args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-4_096);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const died = once(child, 'exit').then(() => {
      throw new Error(`${this.#command} ended before it was ready: ${this.#output}`);
    });
    await Promise.race([this.#ready(), died]);
    // From here on an exit is the test's doing.
    died.catch(() => undefined);
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  pause(): void {
    pauseProcess(this.pid);
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGCONT');
    child.kill(signal);
    await exited;
  }
}
