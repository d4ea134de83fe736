import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '@vectorizer/errors';
import { Child } from './child.ts';
import type { ProcessReport, ProcessState } from './state-file.ts';
import type { ProcessSpec } from './topology.ts';

/** A process that keeps ending is started again after longer and longer pauses. */
const CRASHES_WINDOW_MS = 60_000;
const RESTART_MS_MIN = 250;
const RESTART_MS_MAX = 4_000;
/** One that was killed by a command is away for as long as a service manager would take to notice. */
export const KILLED_MS = 1_000;

export type MemberOptions = {
  readonly data: string;
  readonly say: (line: string) => void;
  /** Told whenever `report` has changed. */
  readonly changed: () => void;
  /** Told how often the process has ended within a minute, before it is started again. */
  readonly crashed: (name: string, times: number) => void;
};

/** One place in an instance: the process that has it, and what becomes of that. */
export class Member {
  readonly spec: ProcessSpec;
  readonly #options: MemberOptions;
  #child: Child | undefined;
  #state: ProcessState = 'restarting';
  /** When it ended by itself, of late. */
  #crashes: readonly number[] = [];
  /** What a command wants to become of it once it has ended. */
  #afterwards: 'start' | 'hold' | undefined;
  #pause = new AbortController();
  #stopping = false;

  constructor(spec: ProcessSpec, options: MemberOptions) {
    this.spec = spec;
    this.#options = options;
  }

  get report(): Omit<ProcessReport, 'cut'> | undefined {
    if (this.#child === undefined) return undefined;
    const { name, readyUrl } = this.spec;
    const { protocol, host } = new URL(readyUrl);
    return { name, ...this.#child.identity, state: this.#state, url: `${protocol}//${host}` };
  }

  /** Starts it for the first time. What ends before `keep` is called is not started again. */
  async start(): Promise<void> {
    this.#child = await Child.start(this.spec, this.#options.data);
    this.#enter('running');
  }

  async ready(): Promise<void> {
    await this.#child?.ready();
  }

  /** From here on it is started again whenever it has ended. */
  async keep(): Promise<void> {
    while (!this.#stopping) {
      await this.#child?.exited;
      if (this.#stopping) return;
      await this.#rest();
      if (this.#stopping) return;
      await this.start().catch((error: unknown) => this.#options.say(Failure.from(error).message));
    }
  }

  /** Returns when it has ended; it is started again `KILLED_MS` later, or held until it is told to start. */
  async kill(afterwards: 'start' | 'hold'): Promise<void> {
    if (this.#state === 'held') throw this.#cannot('is held; it does not run');
    this.#afterwards = afterwards;
    if (this.#state === 'restarting') {
      if (afterwards === 'hold') this.#pause.abort();
      return;
    }
    this.#child?.signal('SIGKILL');
    await this.#child?.exited;
  }

  pause(): void {
    if (this.#state !== 'running') throw this.#cannot('does not run');
    this.#child?.signal('SIGSTOP');
    this.#enter('paused');
  }

  resume(): void {
    if (this.#state !== 'paused') throw this.#cannot('is not paused');
    this.#child?.signal('SIGCONT');
    this.#enter('running');
  }

  /** One that is held, or waits to be started again, is started now. */
  startNow(): void {
    if (this.#state === 'running' || this.#state === 'paused') throw this.#cannot('runs already');
    this.#afterwards = undefined;
    this.#pause.abort();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#pause.abort();
    await this.#child?.stop();
  }

  /** Until it is to be started again. */
  async #rest(): Promise<void> {
    const pauseMs = this.#afterwards === undefined ? this.#crash() : KILLED_MS;
    if (this.#afterwards !== 'hold') {
      this.#enter('restarting');
      await this.#wait(pauseMs);
    }
    while (this.#afterwards === 'hold' && !this.#stopping) {
      this.#enter('held');
      await this.#wait(undefined);
    }
    this.#afterwards = undefined;
  }

  /** Answers how long it is to rest. */
  #crash(): number {
    const now = Date.now();
    const { name } = this.spec;
    this.#crashes = [...this.#crashes.filter((at) => now - at < CRASHES_WINDOW_MS), now];
    this.#options.say(`${name} ended unexpectedly and is started again`);
    this.#options.crashed(name, this.#crashes.length);
    return Math.min(RESTART_MS_MIN * 2 ** (this.#crashes.length - 1), RESTART_MS_MAX);
  }

  async #wait(ms: number | undefined): Promise<void> {
    this.#pause = new AbortController();
    const { signal } = this.#pause;
    if (ms !== undefined) await sleep(ms, undefined, { signal }).catch(() => undefined);
    else await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }

  #enter(state: ProcessState): void {
    this.#state = state;
    this.#options.changed();
  }

  #cannot(why: string): Failure {
    return new Failure('validation_error', `${this.spec.name} ${why}`);
  }
}
