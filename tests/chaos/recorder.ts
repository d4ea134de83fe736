import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Completion, FaultEvent, HistoryEvent, Invocation } from './history.ts';

type Outcome = Omit<Extract<Completion, { outcome: 'acknowledged' }>, Stamp> | Answered | Failed;
type Answered = Omit<Extract<Completion, { outcome: 'answered' }>, Stamp>;
type Failed = Omit<Extract<Completion, { outcome: 'unknown' | 'refused' }>, Stamp>;
type Stamp = 'type' | 'call' | 'at';

/** Writes the history down as it happens, so that what was seen before a crash is there, too. */
export class Recorder {
  readonly events: HistoryEvent[] = [];
  readonly #file: WriteStream;
  readonly #startedMs = performance.now();
  #calls = 0;

  constructor(file: string) {
    this.#file = createWriteStream(file);
  }

  /** Answers the number of the call. */
  invoke(invocation: Omit<Invocation, Stamp>): number {
    const call = (this.#calls += 1);
    this.#write({ type: 'invoke', call, at: this.now(), ...invocation });
    return call;
  }

  complete(call: number, outcome: Outcome): void {
    this.#write({ type: 'complete', call, at: this.now(), ...outcome });
  }

  fault(what: string, phase: FaultEvent['phase']): void {
    this.#write({ type: 'fault', at: this.now(), what, phase });
  }

  now(): number {
    return performance.now() - this.#startedMs;
  }

  async close(): Promise<void> {
    this.#file.end();
    await finished(this.#file);
  }

  #write(event: HistoryEvent): void {
    this.events.push(event);
    this.#file.write(`${JSON.stringify(event)}\n`);
  }
}
