import { Failure } from '@vectorizer/errors';
import type { Links } from './links.ts';
import { Member } from './member.ts';
import { identify } from './processes.ts';
import { removeState, writeState, type InstanceState } from './state-file.ts';
import type { ProcessSpec, Topology } from './topology.ts';

/** A process that ends by itself is started again; of one whose process cannot live, a standalone instance says so and stops. */
const RESTARTS_MAX = 5;

export type SupervisorOptions = {
  readonly data: string;
  readonly say: (line: string) => void;
  readonly links: Links | undefined;
};

/** Starts the processes of an instance in order, starts again what ends, stops all in the opposite order. */
export class Supervisor {
  readonly #topology: Topology;
  readonly #options: SupervisorOptions;
  readonly #members: ReadonlyMap<string, Member>;
  readonly #gaveUp = Promise.withResolvers<never>();
  readonly #startedAt = new Date().toISOString();
  #phase: InstanceState['phase'] = 'starting';
  #reported: Promise<void> = Promise.resolve();

  constructor(topology: Topology, options: SupervisorOptions) {
    this.#topology = topology;
    this.#options = options;
    const how = {
      ...options,
      changed: () => void this.report().catch((error: unknown) => this.#gaveUp.reject(error)),
      crashed: (name: string, times: number) => this.#crashed(name, times),
    };
    this.#members = new Map(topology.groups.flat().map((spec) => [spec.name, new Member(spec, how)]));
    this.#gaveUp.promise.catch(() => undefined);
  }

  /** Rejects when the instance cannot go on. */
  get failed(): Promise<never> {
    return this.#gaveUp.promise;
  }

  /** Returns when everything is ready; when something cannot start, what did is stopped again. */
  async start(): Promise<void> {
    try {
      for (const group of this.#topology.groups) {
        const members = this.#membersOf(group);
        await Promise.all(members.map(async (member) => member.start()));
        await this.report();
        await Promise.all(members.map(async (member) => member.ready()));
      }
      this.#phase = 'ready';
      await this.report();
      for (const member of this.#members.values()) void member.keep();
    } catch (cause) {
      await this.stop();
      throw cause;
    }
  }

  async stop(): Promise<void> {
    for (const group of this.#topology.groups.toReversed()) {
      await Promise.all(this.#membersOf(group).map(async (member) => member.stop()));
    }
    await this.#reported;
    await removeState(this.#options.data);
  }

  /** Throws when no process has the name. */
  member(name: string): Member {
    const member = this.#members.get(name);
    if (member !== undefined) return member;
    const names = [...this.#members.keys()].join(', ');
    throw new Failure('not_found', `no process is named ${name}; there are ${names}`);
  }

  /** Writes down what runs. One after the other, since two processes may change at once. */
  async report(): Promise<void> {
    this.#reported = this.#reported.then(async () => this.#writeState());
    await this.#reported;
  }

  #membersOf(group: readonly ProcessSpec[]): Member[] {
    return group.map(({ name }) => this.member(name));
  }

  /** The processes of a cluster do without each other for a while, so one that cannot start does not stop the others. */
  #crashed(name: string, times: number): void {
    if (this.#topology.mode === 'cluster' || times <= RESTARTS_MAX) return;
    this.#gaveUp.reject(new Failure('service_unavailable', `${name} ended ${times} times in a minute`));
  }

  async #writeState(): Promise<void> {
    const { data, links } = this.#options;
    const processes = Array.from(this.#members.values(), ({ report }) => report).flatMap((report) =>
      report === undefined ? [] : [{ ...report, cut: links?.isCut(report.name) ?? false }],
    );
    const { mode, urls, logUrls, authority } = this.#topology;
    const secured = authority === undefined ? {} : { ca_file: authority };
    const about = { v: 2, phase: this.#phase, mode, url: urls[0] ?? '', ...secured } as const;
    const supervisor = identify(process.pid);
    const where = { urls: [...urls], log_urls: [...logUrls] };
    await writeState({ ...about, ...where, supervisor, data, started_at: this.#startedAt, processes });
  }
}
