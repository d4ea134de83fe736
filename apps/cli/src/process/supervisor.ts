import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '@vectorizer/errors';
import { Child } from './child.ts';
import { identify } from './processes.ts';
import { removeState, writeState, type InstanceState } from './state-file.ts';
import type { ProcessSpec, Topology } from './topology.ts';

/** A process that ends by itself is started again, but not one that cannot live. */
const RESTARTS_MAX = 5;
const RESTARTS_WINDOW_MS = 60_000;
const RESTART_PAUSE_MS = 250;

/** Starts the processes of an instance in order, starts again what crashes, stops all in the opposite order. */
export class Supervisor {
  readonly #topology: Topology;
  readonly #data: string;
  readonly #say: (line: string) => void;
  readonly #children = new Map<string, Child>();
  readonly #crashes = new Map<string, number[]>();
  readonly #gaveUp = Promise.withResolvers<never>();
  readonly #startedAt = new Date().toISOString();
  #phase: InstanceState['phase'] = 'starting';
  #stopping = false;
  #reported: Promise<void> = Promise.resolve();

  constructor(topology: Topology, options: { readonly data: string; readonly say: (line: string) => void }) {
    this.#topology = topology;
    this.#data = options.data;
    this.#say = options.say;
    this.#gaveUp.promise.catch(() => undefined);
  }

  /** Rejects when a process keeps crashing. */
  get failed(): Promise<never> {
    return this.#gaveUp.promise;
  }

  /** Returns when everything is ready; when something cannot start, what did is stopped again. */
  async start(): Promise<void> {
    try {
      for (const group of this.#topology.groups) {
        await Promise.all(group.map(async (spec) => this.#launch(spec)));
        await this.#report();
        await Promise.all(group.map(async ({ name }) => this.#children.get(name)?.ready()));
      }
      this.#phase = 'ready';
      await this.#report();
      for (const child of this.#children.values()) void this.#watch(child);
    } catch (cause) {
      await this.stop();
      throw cause;
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    for (const group of this.#topology.groups.toReversed()) {
      await Promise.all(group.map(async ({ name }) => this.#children.get(name)?.stop()));
    }
    await removeState(this.#data);
  }

  async #launch(spec: ProcessSpec): Promise<Child> {
    const child = await Child.start(spec, this.#data);
    this.#children.set(spec.name, child);
    return child;
  }

  async #watch(child: Child): Promise<void> {
    await child.exited;
    if (this.#stopping) return;
    const { name } = child.spec;
    const now = Date.now();
    const crashes = [...(this.#crashes.get(name) ?? []), now].filter((at) => now - at < RESTARTS_WINDOW_MS);
    this.#crashes.set(name, crashes);
    if (crashes.length > RESTARTS_MAX) {
      this.#gaveUp.reject(new Failure('service_unavailable', `${name} ended ${crashes.length} times in a minute`));
      return;
    }
    this.#say(`${name} ended unexpectedly and is started again`);
    await sleep(RESTART_PAUSE_MS * 2 ** (crashes.length - 1));
    if (this.#stopping) return;
    try {
      const next = await this.#launch(child.spec);
      await this.#report();
      void this.#watch(next);
    } catch (cause) {
      this.#gaveUp.reject(cause);
    }
  }

  /** One after the other, since two processes may be started again at once. */
  async #report(): Promise<void> {
    this.#reported = this.#reported.then(async () => this.#writeState());
    await this.#reported;
  }

  async #writeState(): Promise<void> {
    const processes = Array.from(this.#children.values(), ({ spec, identity }) => ({ name: spec.name, ...identity }));
    const { mode, url } = this.#topology;
    const state = { v: 1, phase: this.#phase, mode, url, supervisor: identify(process.pid), data: this.#data } as const;
    await writeState({ ...state, started_at: this.#startedAt, processes });
  }
}
