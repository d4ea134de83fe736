import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom, type SeededRandom } from '@vectorizer/testing';
import type { ReadRequest, WriteOp, WriteRequest } from './history.ts';
import { sequencesOf } from './answers.ts';
import { NOT_SENT, sendRead, sendWrite, type Door } from './http-call.ts';
import { Intents, type Load, type OpIntent, type WriteIntent } from './intents.ts';
import type { Recorder } from './recorder.ts';

export type ClientOptions = {
  readonly seed: number;
  readonly number: number;
  /** One of each gateway. */
  readonly doors: readonly Door[];
  readonly recorder: Recorder;
  readonly load: Load;
};

/** Between attempts of a write whose outcome is unknown. */
const RETRY_PAUSE_MS = 200;

/**
 * One client: it does one thing after the other, through any gateway, and carries one token from answer to request.
 * Its reads at other levels than `session` are sent without it, so that their own tokens say what they saw.
 */
export class ChaosClient {
  readonly #options: ClientOptions;
  readonly #intents: Intents;
  readonly #random: SeededRandom;
  /** What it last saw of each point, and what before that. */
  readonly #versions = new Map<string, { seen: number; stale: number }>();
  #token: string | undefined;
  #keys = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#intents = new Intents(options.seed, options.number, options.load);
    this.#random = seededRandom(options.seed * 7_919 + options.number);
  }

  /** Until the signal; what is under way then is ended. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const intent = this.#intents.next();
      if (intent.kind === 'write') await this.#write(intent, signal);
      else await this.read(intent.request);
      await sleep(intent.pauseMs);
    }
  }

  async read(request: ReadRequest, door: Door = this.#random.pick(this.#options.doors)): Promise<boolean> {
    const token = request.consistency === 'session' ? this.#token : undefined;
    const call = this.#invoke(door, request, token);
    const answer = await sendRead(door, request, token);
    this.#options.recorder.complete(call, answer.outcome);
    if (answer.outcome.outcome !== 'answered') return false;
    if (request.consistency === 'session') this.#token = answer.token ?? this.#token;
    for (const { id, version } of answer.outcome.points) this.#saw(id, version);
    return true;
  }

  async #write({ route, wait, ops, retries, again }: WriteIntent, signal: AbortSignal): Promise<void> {
    const key = `${this.#options.number}-${(this.#keys += 1)}`;
    const request: WriteRequest = { kind: 'write', route, key, wait, ops: ops.map((op) => this.#resolve(op)) };
    let left = retries;
    while (!(await this.#attempt(request))) {
      if (left-- === 0 || signal.aborted) return;
      await sleep(RETRY_PAUSE_MS);
    }
    if (again) await this.#attempt(request);
  }

  /** Whether it is known now what became of the write. */
  async #attempt(request: WriteRequest): Promise<boolean> {
    const door = this.#random.pick(this.#options.doors);
    const call = this.#invoke(door, request, this.#token);
    const { outcome, token } = await sendWrite(door, request, this.#token);
    this.#options.recorder.complete(call, outcome);
    if (outcome.outcome !== 'acknowledged') return outcome.outcome === 'refused' && outcome.error !== NOT_SENT;
    this.#token = token ?? this.#token;
    for (const [i, { status, version }] of outcome.results?.entries() ?? []) {
      const id = request.ops[i]?.id;
      if (id !== undefined && version !== undefined && status !== 'deleted') this.#saw(id, version);
    }
    return true;
  }

  #invoke(door: Door, request: ReadRequest | WriteRequest, token: string | undefined): number {
    const { number, recorder } = this.#options;
    const sent = token === undefined ? null : sequencesOf(token);
    return recorder.invoke({ client: number, gateway: door.url, token: sent, request });
  }

  #resolve({ op, condition }: OpIntent): WriteOp {
    const version = condition === undefined ? undefined : this.#versions.get(op.id)?.[condition];
    return version === undefined ? op : { ...op, if_version: version };
  }

  #saw(id: string, version: number): void {
    const before = this.#versions.get(id)?.seen;
    if (version !== before) this.#versions.set(id, { seen: version, stale: before ?? version });
  }
}
